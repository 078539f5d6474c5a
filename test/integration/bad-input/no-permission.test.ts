import { constants } from 'node:os';
import { cgroupOf } from '../../support/cgroup-tree';
import { startFixture } from '../../support/fixture';
import { cagesLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';

interface Thrown {
  code: string;
  errno: number;
  syscall: string;
  path?: string;
  message: string;
}

describeIf(['v1', 'root'], 'a user who may not write to the cgroup tree', () => {
  let thrown: Record<string, Thrown | null>;
  let fds: string;
  let pid: number;
  beforeAll(async () => {
    const fixture = startFixture('bad-input/as-nobody.js');
    pid = fixture.pid;
    const { code, stdout, stderr } = await fixture.end;
    if (code !== 0) throw new Error(stderr);
    ({ thrown, fds } = JSON.parse(stdout) as { thrown: typeof thrown; fds: string });
  });

  test.each(['spawn', 'createCage', 'run'])('%s: NO_PERMISSION, with the place', (name) => {
    expect(thrown[name]).toMatchObject({
      code: 'ERR_MEMCAGE_NO_PERMISSION',
      errno: -constants.errno.EACCES,
      syscall: 'mkdirat',
      path: cgroupOf('self'),
    });
  });

  test.each(['Cgroup.create', 'setLimits', 'add'])('%s: NO_PERMISSION', (name) => {
    expect(thrown[name]).toMatchObject({ code: 'ERR_MEMCAGE_NO_PERMISSION', errno: -constants.errno.EACCES });
  });

  test('namespaces: the remedy is named', () => {
    expect(thrown['namespaces']).toMatchObject({
      code: 'ERR_MEMCAGE_NAMESPACE',
      errno: -constants.errno.EPERM,
      message: expect.stringContaining('namespaces.user') as string,
    });
  });

  test('reading needs no rights', () => {
    expect(thrown['read only']).toBeNull();
  });

  test('nothing is left, and no child gets an fd of it', () => {
    expect(cagesLeft(pid)).toEqual([]);
    expect(fds).not.toContain('cgroup');
  });
});
