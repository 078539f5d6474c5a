import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type RunOptions, run } from 'memcage';
import { errno, refusing } from '../../../support/cgroups/bpf';
import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { READ_KEY, WITH_KEY, WITH_MANY_KEYS } from '../../../support/processes/session-key';
import { describeIf } from '../../../support/require';
import type { Attempt, Result } from '../../../support/rootless';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

const RUNS = join(__dirname, '../../../fixtures/rootless/runs.js');
const NOBODY = { uid: 65534, gid: 65534 };
const system = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'].filter(existsSync);
const EMPTY_ROOT = {
  tmpfs: ['/'],
  binds: system.map((path) => ({ source: path, target: path, readOnly: true })),
};

/** What a child of a process reads that has a key in its session keyring. */
async function seen(...options: readonly RunOptions[]): Promise<string[]> {
  const [perl, ...args] = READ_KEY;
  const attempts = options.map((each): Attempt => [perl, args, each]);
  const program = { name: 'rootless/runs.js', within: WITH_KEY };
  const results = await fixtureResult<Result[]>(program, attempts);
  return results.map(({ stdout, message, stderr }) => stdout || message || stderr);
}

describeIf(['root', 'keys'], 'the session keyring of the caller', () => {
  testRows<[string, RunOptions, string]>(
    'is not for children that were to have less',
    [
      ['any child', {}, 'secret'],
      ['another user', NOBODY, 'no key'],
      ['another user in an empty root', { ...NOBODY, cwd: '/', root: EMPTY_ROOT }, 'no key'],
      ['root in an empty root', { cwd: '/', root: EMPTY_ROOT }, 'no key'],
      ['without new privileges', { privileges: { noNewPrivileges: true } }, 'no key'],
      ['below an init', { ...NOBODY, namespaces: { pid: { init: true } } }, 'no key'],
    ],
    async ([, options, expected]) => {
      expect(await seen(options)).toEqual([expected]);
    },
  );

  test('is inherited where a filter of the caller forbids keyctl(2), which then forbids it to the child', async () => {
    const attempts = [['true', [], { privileges: { noNewPrivileges: true } }]];
    for (const number of [constants.errno.EPERM, constants.errno.ENOSYS]) {
      const privileges = { seccomp: refusing(['keyctl'], errno(number)) };
      const { stdout } = await run(process.execPath, [RUNS, JSON.stringify(attempts)], { privileges });
      expect(JSON.parse(stdout)).toMatchObject([{ exitCode: 0 }]);
    }
  });

  test('has no room for another one where the user has as many keys as it may', async () => {
    // A user that no other test has: the kernel counts keys by user.
    const ids = ['setpriv', '--reuid=61379', '--regid=61379', '--clear-groups'];
    const program = { name: 'rootless/runs.js', within: [...ids, ...WITH_MANY_KEYS] };
    const [result] = await fixtureResult<Result[]>(program, [['true', [], { privileges: { noNewPrivileges: true } }]]);
    expect(result).toMatchObject({
      code: 'ERR_MEMCAGE_SETTING',
      stage: 'session-keyring',
      errno: -constants.errno.EDQUOT,
    });
    expect(result?.message).toContain('Cure: sysctl kernel.keys.maxkeys=');
  });
});
