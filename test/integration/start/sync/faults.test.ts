import { constants } from 'node:os';
import { join } from 'node:path';
import { run } from 'memcage';
import type { FaultRule } from '../../../support/native/faults';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(30_000));

const FIXTURE = join(__dirname, '../../../fixtures/start/sync/fault.js');
const { EACCES, EAGAIN, EMFILE, ENOMEM, EPERM } = constants.errno;

type Way = 'caged' | 'contained';

async function failing(
  way: Way,
  rules: FaultRule[],
  options: object,
  { command, env }: { command?: unknown[]; env?: NodeJS.ProcessEnv } = {},
): Promise<unknown> {
  const args = [FIXTURE, JSON.stringify({ way, rules, options, command })];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}

const SPAWN = 'ERR_MEMCAGE_SPAWN';
const PR_SET_PDEATHSIG = 1;
const NO_GUARDIAN = { MEMCAGE_GUARDIAN: '0' };
const DEATH: Partial<FaultRule> = { argument: 0, value: PR_SET_PDEATHSIG };

describeIf(['cgroup', 'root', 'seccomp'], 'a step that fails', () => {
  expectNothingLeft(() => run('true'));

  // These are steps of the addon's own child, which are the same for any child.
  testRows<[string, Partial<FaultRule>, object, string]>(
    'in the child is told by its stage',
    [
      ['setsid', {}, { detached: true }, 'session'],
      ['prctl', DEATH, {}, 'parent-death'],
      ['close_range', {}, {}, 'close-fds'],
    ],
    async ([syscall, rule, options, stage]) => {
      // With a guardian there is no need for prctl.
      const seen = await failing('caged', [{ syscall, errno: EPERM, ...rule }], options, { env: NO_GUARDIAN });
      expect(seen).toEqual({ code: SPAWN, stage, thrown: true, ran: false });
    },
  );

  testRows<[string, number, object, string]>(
    'in the child is told as by Node where Node has it too',
    [
      ['chdir', EACCES, { cwd: '/' }, 'EACCES'],
      ['setuid', EPERM, { uid: 1 }, 'EPERM'],
      ['execve', EACCES, {}, 'EACCES'],
    ],
    async ([syscall, errno, options, result]) => {
      expect(await failing('caged', [{ syscall, errno }], options)).toMatchObject({ result, signal: null, ran: false });
    },
  );

  describe.each(['caged', 'contained'] as const)('around a child that is %s', (way) => {
    test.each<[string, string | undefined, string]>([
      ['mkdirat', undefined, 'ERR_MEMCAGE_NO_PERMISSION'],
      ['clone3', 'clone', SPAWN],
    ])('%s', async (syscall, stage, code) => {
      const seen = await failing(way, [{ syscall, errno: EPERM }], {});
      expect(seen).toEqual({ code, ...(stage !== undefined && { stage }), thrown: true, ran: false });
    });

    testRows<[string, number, string]>(
      'is told as by Node where it is a shortage',
      [
        ['socketpair', EMFILE, 'EMFILE'],
        ['openat2', EMFILE, 'EMFILE'],
        ['clone3', EAGAIN, 'EAGAIN'],
      ],
      async ([syscall, errno, result]) => {
        expect(await failing(way, [{ syscall, errno }], {})).toMatchObject({ result, signal: null, ran: false });
      },
    );

    test('one that can’t be waited for is killed', async () => {
      // Fails forever, since the child itself checks only once whether its parent is alive.
      const rule = { syscall: 'ppoll', errno: ENOMEM, argument: 2, value: 0 };
      const seen = await failing(way, [rule], { input: 'x' }, { command: ['sleep', ['1000']] });
      expect(seen).toMatchObject({ result: 'ENOMEM', signal: expect.stringMatching(/^SIG(TERM|KILL)$/) as string });
    });
  });
});
