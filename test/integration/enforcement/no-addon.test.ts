import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { drawn } from '../../support/drawn';
import { fixtureResult } from '../../support/fixture';
import { WITHOUT_ADDON } from '../../support/native/without-addon';
import { copyPackage } from '../../support/package-copy';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const LIMIT_MS = 120_000;

jest.setTimeout(patience(LIMIT_MS));

const [withoutAddons, ...pretended] = Object.entries(WITHOUT_ADDON);
if (withoutAddons === undefined) throw new Error('nothing is without the addon');
const surroundings = [withoutAddons, ...pretended];
// To what polls, all that are not Linux are one, but for a stop that Windows lacks: test/pure/cage/polling/killing.test.ts.
const pollers = [withoutAddons, ...drawn(pretended, 1)];

describeIf('linux', 'where the addon does not load', () => {
  test.each(surroundings)('what asks for something of memcage says why it can not have it (%s)', async (_, where) => {
    const seen = await fixtureResult<Record<string, unknown>>({ name: 'enforcement/refused.js', ...where });
    expect(Object.keys(seen).length).toBeGreaterThan(20);
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((name) => [name, where.error])));
  });

  test.each(surroundings)('a plain child has an outcome (%s)', async (_, where) => {
    const seen = await fixtureResult({ name: 'enforcement/plain.js', timeoutMs: LIMIT_MS, ...where });
    const unknown = {
      oom: null,
      enforcedBy: null,
      nodeHeap: null,
      memory: null,
      limits: { pids: null, cpu: null, cpuTime: null },
      stalled: null,
      isUnknown: true,
      hasTime: true,
      error: null,
      evidence: null,
    };
    const sync = { ...unknown, signal: null };
    const exit = (exitCode: number) => ({ ...sync, exitCode, cage: null });
    const signal = (name: string) => ({ ...unknown, exitCode: null, signal: name, cage: null });
    const none = { stdout: '', stderr: '' };
    const absent = {
      ...{ ...sync, exitCode: null, isUnknown: false },
      error: { code: 'ENOENT', name: 'Error' },
    };
    const timeout = { code: 'ERR_MEMCAGE_TIMEOUT', name: 'MemcageError' };
    expect(seen).toEqual({
      spawn: exit(3),
      'spawn, a signal': signal('SIGKILL'),
      'spawn, ENOENT': { ...absent, cage: null },
      'spawn, an abort': { ...signal('SIGTERM'), error: { code: 'ABORT_ERR', name: 'AbortError' } },
      'spawn, nobody listens': exit(0),
      fork: exit(0),
      exec: exit(4),
      execFile: exit(0),
      spawnSync: { ...sync, exitCode: 5 },
      execFileSync: 'x\n',
      execSync: { ...sync, name: 'Error', exitCode: 6 },
      run: { ...sync, stdout: 'in', stderr: '', exitCode: 0 },
      'run, an exit code': { ...sync, ...none, name: 'ExitError', code: 'ERR_MEMCAGE_EXIT', exitCode: 7 },
      'run, a timeout': {
        ...{ ...sync, ...none, exitCode: null, signal: 'SIGTERM' },
        ...{ name: 'TimeoutError', code: 'ERR_MEMCAGE_TIMEOUT', error: timeout },
      },
      'run, ENOENT': { ...absent, ...none, name: 'Error', code: 'ENOENT' },
      'the outcome, once all is read': 'all\n',
    });
  });
});

describeIf('linux', 'where there is no binary, and no fd is free', () => {
  const fixture = join(__dirname, '../../fixtures/enforcement/no-fds.js');
  const say = (name: string): unknown =>
    JSON.parse(
      execFileSync('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, fixture, name], {
        encoding: 'utf8',
      }),
    );

  test("a plain child fails in Node's way", () => {
    const copy = copyPackage();
    try {
      const byNode = say('node:child_process');
      expect(byNode).toEqual([{ event: 'EMFILE' }, { callback: 'EMFILE' }, { returned: 'EMFILE' }]);
      expect(say(copy)).toEqual(byNode);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describeIf('linux', 'where the addon does not load, and the caller accepts that a cage is polled', () => {
  const MIB = 2 ** 20;

  test('a ChildProcess that is started again does not leave the cage, and Node refuses what it always does', async () => {
    const seen = await fixtureResult({ name: 'enforcement/again.js', ...WITHOUT_ADDON['--no-addons'] });
    expect(seen).toEqual({
      'a first start that failed': 'ERR_INVALID_SYNC_FORK_INPUT',
      'the next one is in the cage': true,
      'a second start': 'ERR_MEMCAGE_UNSUPPORTED_NODE',
      'what Node refuses': Array(4).fill('ERR_INVALID_ARG_TYPE'),
    });
  });

  test.each(pollers)('its children are killed above its limit (%s)', async (_, where) => {
    const seen = await fixtureResult({ name: 'enforcement/polled.js', timeoutMs: LIMIT_MS, ...where });
    const polled = { by: 'polled', hasReason: true };
    const killed = {
      ...{ ...polled, signal: 'SIGKILL', exitCode: null, isMeasured: true },
      ...{ cause: 'polled', limitBytes: 80 * MIB },
    };
    const shell = { ...killed, signal: expect.anything() as unknown };
    const none = { cause: null, limitBytes: null, signal: null };
    const absent = { ...polled, ...none, exitCode: null, isMeasured: false };
    const refused = { code: where.error.code };
    expect(seen).toEqual({
      spawn: killed,
      'spawn, what ends by itself': { ...polled, ...none, exitCode: 3, isMeasured: true },
      'spawn, ENOENT': absent,
      fork: killed,
      exec: shell,
      execFile: killed,
      run: { ...killed, name: 'MemoryLimitError', code: 'ERR_MEMCAGE_MEMORY_LIMIT' },
      spawnSync: killed,
      'spawnSync, ENOENT': absent,
      execFileSync: killed,
      execSync: shell,
      'a detached child': {
        ...none,
        by: 'none',
        hasReason: true,
        exitCode: 4,
        isMeasured: expect.any(Boolean) as unknown,
      },
      'a heap': '--max-old-space-size=64 --max-semi-space-size=1\n',
      'a heap without a cage': '--max-old-space-size=64\n',
      namespaces: refused,
      'not accepted': refused,
      'in a cage': {
        ...{ spawn: killed, contained: 'SIGKILL', containedByExecFile: 'SIGKILL', containedFork: 'SIGKILL' },
        ...{
          containedSync: 'SIGKILL',
          good: 'good\n',
          kills: 5,
          left: 'SIGKILL',
          closed: { code: 'ERR_MEMCAGE_CLOSED' },
        },
      },
    });
  });
});
