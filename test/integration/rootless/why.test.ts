import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCgroup, members } from '../../support/cgroups/cgroup-tree';
import { guardedProcesses, guardiansOf } from '../../support/guarded';
import { killForMemory } from '../../support/kills-for-memory';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { AS_USER, user } from '../../support/rootless';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const machineKills = () => /^oom_kill \d+$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[0];

/** Whether anybody may read the kernel's log, which tells of each kill. */
const IS_LOG_OPEN = readFileSync('/proc/sys/kernel/dmesg_restrict', 'utf8') === '0\n';

const MAIN = join(__dirname, '../../../dist/cli.js');

/** The notes of a user without rights, who can't read the kernel's log where that is restricted. */
describeIf(['root', 'v1'], 'memcage why of a user without rights', () => {
  const { start, sleeper } = guardedProcesses();
  let runtime: string;
  let group: ReturnType<typeof makeCgroup>;
  beforeEach(() => {
    runtime = mkdtempSync(join(tmpdir(), 'memcage-why-'));
    chownSync(runtime, user.uid, user.gid);
    group = makeCgroup();
    for (const name of ['.', 'tasks', 'cgroup.procs']) chownSync(join(group.path, name), user.uid, user.gid);
  });
  afterEach(() => {
    rmSync(runtime, { recursive: true });
    group.remove();
  });

  const env = () => ({ ...process.env, HOME: '/', XDG_RUNTIME_DIR: runtime, MEMCAGE_PARENT: group.path });
  function cli(...words: string[]): { status: number | null; stdout: string; stderr: string } {
    const [file = '', ...args] = [...AS_USER, process.execPath, MAIN, ...words];
    return spawnSync(file, args, { env: env(), encoding: 'utf8' });
  }
  const why = (...words: string[]) => cli('why', ...words);

  test('tells that its process, and what was in the cage of that, was not killed for memory', async () => {
    const before = machineKills();
    const parent = start('plain', { as: AS_USER, env: env() });
    const { cgroup } = await sleeper(parent);
    await until('both sleep', () => members(cgroup).length === 2);
    process.kill(parent.pid, 'SIGKILL');
    await parent.exit;
    await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
    const ofParent = why(String(parent.pid));
    const ofCage = why(cgroup);
    // Where the kernel has killed others meanwhile, as for a test beside this one, it is not known at worst.
    if (machineKills() !== before) return expect([ofParent.status, ofCage.status]).not.toContain(0);
    expect(ofParent).toMatchObject({ status: 1, stdout: expect.stringContaining('SIGKILL ended it') });
    expect(ofCage).toMatchObject({ status: 1, stdout: expect.stringContaining('the guardian ended its cages') });
  });

  testRows<[string, 'parent' | 'child']>(
    'never tells that it was not memory where somebody has moved the process to another cgroup, and it was',
    [
      ['of the parent', 'parent'],
      ['of a child', 'child'],
    ],
    async ([, who]) => {
      const parent = start('plain', { as: AS_USER, env: env() });
      const { pid: child } = await sleeper(parent);
      const pid = who === 'parent' ? parent.pid : child;
      await killForMemory([pid]);
      await parent.kill();
      await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
      const [status, text] = IS_LOG_OPEN ? [0, 'was killed for memory'] : [2, 'as root'];
      expect(why(String(pid))).toMatchObject({ status, stdout: expect.stringContaining(text) });
    },
  );

  test('tells that a child was killed for the memory limit of its cage', () => {
    const hungry = ['-m', '20M', process.execPath, '-e', 'const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))'];
    expect(cli('run', ...hungry).status).toBe(137);
    expect(why('node')).toMatchObject({ status: 0, stdout: expect.stringContaining('limit of 20 MiB') });
  });

  test('does not believe the notes of somebody else', async () => {
    const parent = start('plain', { as: AS_USER, env: env() });
    await sleeper(parent);
    process.kill(parent.pid, 'SIGKILL');
    await parent.exit;
    await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
    for (const path of ['memcage', 'memcage/ends']) chownSync(join(runtime, path), 0, 0);
    expect(why(String(parent.pid)).stdout).not.toContain('SIGKILL');
  });
});
