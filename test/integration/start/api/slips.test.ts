import { createBudget, createCage, run, type SharedCage } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

describeIf('cgroup', 'what would do nothing, or something else, is thrown', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));
  let cage: SharedCage;

  beforeAll(() => {
    cage = createCage({ memory: '20M' });
  });
  afterAll(() => cage.close());

  testRows<[slip: () => unknown, code: string, message: RegExp]>(
    'a slip',
    [
      [() => cage.on('ooom' as 'oom', () => {}), 'INVALID_ARGUMENT', /^Unknown event 'ooom': did you mean 'oom'\?$/],
      [() => cage.cgroup.once('empy' as 'empty', () => {}), 'INVALID_ARGUMENT', /did you mean 'empty'\?$/],
      [
        () => Reflect.apply(cage.kill, cage, ['SIGTERM']),
        'INVALID_ARGUMENT',
        /^signal can't be given to cage\.kill\(\)/,
      ],
      [
        () => Reflect.apply(cage.cgroup.kill, cage.cgroup, ['SIGINT']),
        'INVALID_ARGUMENT',
        /Cure: child\.kill\('SIGINT'\) for one child$/,
      ],
      [
        () => createBudget({ memory: '20M', learn: true as never }),
        'INVALID_ARGUMENT',
        /such as \{\} or .* for learn but/,
      ],
      [() => createCage({} as never), 'INVALID_ARGUMENT', /^createCage needs a limit, such as \{ memory: '100M' \}$/],
      [
        () => createCage({ memory: '20M', perChild: '8M' as never }),
        'INVALID_ARGUMENT',
        /\{ memory: '8M' \} for perChild/,
      ],
      [() => Cgroup.open('/no/such'), 'NO_CGROUP', /^There is no cgroup \/.*\/no\/such\. Cure: one that memcage ls/],
      [() => Cgroup.find('no-such'), 'NO_CGROUP', /no-such\. Cure: one that memcage ls/],
    ],
    async ([slip, code, message]) => {
      // An async function rejects.
      const error = await new Promise((resolve) => void resolve(slip())).then(
        () => undefined,
        (why: unknown) => why,
      );
      expect(error).toMatchObject({ code: `ERR_MEMCAGE_${code}`, message: expect.stringMatching(message) as string });
    },
  );

  test('SIGKILL is what kill() sends', async () => {
    await Reflect.apply(cage.kill, cage, ['SIGKILL']);
    expect(cage.closed).toBe(false);
  });
});
