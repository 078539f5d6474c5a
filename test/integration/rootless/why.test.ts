import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCgroup, members } from '../../support/cgroups/cgroup-tree';
import { guardedProcesses, guardiansOf } from '../../support/guarded';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { AS_USER, user } from '../../support/rootless';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

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
  function why(...words: string[]): { status: number | null; stdout: string } {
    const [file = '', ...args] = [...AS_USER, process.execPath, MAIN, 'why', ...words];
    return spawnSync(file, args, { env: env(), encoding: 'utf8' });
  }

  test('tells that its process, and what was in the cage of that, was not killed for memory', async () => {
    const parent = start('plain', { as: AS_USER, env: env() });
    const { cgroup } = await sleeper(parent);
    await until('both sleep', () => members(cgroup).length === 2);
    process.kill(parent.pid, 'SIGKILL');
    await parent.exit;
    await until('nothing is left', () => guardiansOf(parent.pid).length === 0);
    expect(why(String(parent.pid))).toMatchObject({ status: 1, stdout: expect.stringContaining('SIGKILL ended it') });
    const { status, stdout } = why(cgroup);
    expect([status, stdout]).toEqual([1, expect.stringContaining('the guardian ended its cages')]);
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
