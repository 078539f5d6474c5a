import { execFile } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cgroupOf, makeCgroup } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { startFixture } from '../../support/fixture';
import { cagesLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

interface Thrown {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
  message: string;
  cure?: string;
}

describeIf(['cgroup', 'root'], 'a user who may not write to the cgroup tree', () => {
  let thrown: Record<string, Thrown | null>;
  let fds: string;
  let pid: number;
  beforeAll(async () => {
    const { path, remove } = makeCgroup('64M');
    const fixture = startFixture('bad-input/as-nobody.js', path);
    pid = fixture.pid;
    const { code, stdout, stderr } = await fixture.end;
    remove();
    if (code !== 0) throw new Error(stderr);
    ({ thrown, fds } = JSON.parse(stdout) as { thrown: typeof thrown; fds: string });
  });

  describeIf('v1', 'whose own cgroup is the only place', () => {
    testRows("the cure is doctor's, and ends the message", ['spawn', 'createCage', 'run', 'prepare'], (name) => {
      const { cure = '', message } = thrown[name] as Thrown;
      expect(cure).toMatch(/^let root run "mkdir -p (\S+) && chown -R 65534 \1", and start .* with MEMCAGE_PARENT=\1$/);
      expect(message).toContain("enforce: 'polled'");
      expect(message.endsWith(`. Cure: ${cure}`)).toBe(true);
    });

    testRows('NO_PERMISSION, with the place', ['spawn', 'createCage', 'run', 'prepare', 'Cgroup.create'], (name) => {
      expect(thrown[name]).toMatchObject({
        code: 'ERR_MEMCAGE_NO_PERMISSION',
        errno: -constants.errno.EACCES,
        syscall: 'mkdirat',
        path: expect.stringContaining(cgroupOf('self')) as string,
      });
    });
  });

  describeIf('v2', 'after a look at every place', () => {
    testRows('NO_PARENT, with each and why', ['spawn', 'createCage', 'run', 'prepare', 'Cgroup.create'], (name) => {
      expect(thrown[name]).toMatchObject({
        code: 'ERR_MEMCAGE_NO_PARENT',
        message: expect.stringContaining(`(${cgroupOf('self')}): `) as string,
      });
      expect(thrown[name]?.message).toMatch(
        /\nWithout a cgroup, memcage can poll the limit \(enforce: 'polled'\): .+$/,
      );
    });
  });

  test.each(['setLimits', 'add'])('%s: NO_PERMISSION', (name) => {
    expect(thrown[name]).toMatchObject({ code: 'ERR_MEMCAGE_NO_PERMISSION', errno: -constants.errno.EACCES });
  });

  test('namespaces: the remedy is named', () => {
    expect(thrown['namespaces']).toMatchObject({
      code: 'ERR_MEMCAGE_NAMESPACE',
      errno: -constants.errno.EPERM,
      message: expect.stringContaining('namespaces.user') as string,
    });
  });

  describeIf('unprivileged-userns', 'but may have user namespaces', () => {
    test('has them after process.setuid(), though its files in /proc belong to root', () => {
      expect(thrown['user namespace']).toBeNull();
    });
  });

  test('reading needs no rights', () => {
    expect(thrown['read only']).toBeNull();
  });

  describeIf('v2', 'who is not within the delegated cgroup', () => {
    test('may make a cage there, but put no process into it', async () => {
      const { path, remove } = makeCgroup();
      const nobody = { uid: 65534, gid: 65534 };
      delegate(path, nobody);
      const sweeper = join(__dirname, '../../fixtures/cage/sweeper.js');
      const start = promisify(execFile)(process.execPath, [sweeper, path], nobody);
      await expect(start).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/may not put a process into .*ERR_MEMCAGE_NO_PERMISSION/s) as string,
      });
      remove();
    });
  });

  test('nothing is left, and no child gets an fd of it', () => {
    expect(cagesLeft(pid)).toEqual([]);
    expect(fds).not.toContain('cgroup');
  });
});
