import { createCage, run, spawn } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';

describeIf('cgroup', 'the private cage of a child', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('starts no other child', async () => {
    const child = spawn('cat', { memory: '20M' });
    const functions = ['spawn', 'fork', 'exec', 'execFile', 'run', 'contain'];
    expect(functions.filter((name) => name in child.cage)).toEqual([]);
    // @ts-expect-error It is not a shared cage.
    expect(thrown(() => spawn('true', { cage: child.cage }))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      message: expect.stringContaining('a cage of createCage()'),
    });
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });

  test('is in the cage that it was made in, if any', async () => {
    await using cage = createCage({ memory: '50M' });
    const inner = cage.contain(() => createCage({ memory: '30M' }));
    const child = inner.spawn('true', { memory: '20M' });
    expect([cage.outer, inner.outer, child.cage.outer]).toEqual([null, cage, inner]);
    expect(inner.spawn('true').cage).toBe(inner);
    const alone = spawn('true', { memory: '20M' });
    expect(alone.cage.outer).toBeNull();
    await Promise.all([child.outcome, alone.outcome]);
  });
});
