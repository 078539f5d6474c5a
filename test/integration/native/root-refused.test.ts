import { constants } from 'node:os';
import { type CloneFailure, native, type RootPlan } from 'memcage/native';
import { fixtureResult } from '../../support/fixture';
import { cloneTwice, cloneTwiceBy, failedAt, RAN, twice } from '../../support/native/clone-fixture';
import { cloneOptions } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { user } from '../../support/rootless';
import { bind, inRoot, SYSTEM, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EMFILE, ENOSYS, EPERM } = constants.errno;
const { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

const EMPTY: Partial<RootPlan> = { empty: true, readOnly: true, dev: true, proc: 'new', mounts: SYSTEM };
const ROOT_STAGES = native.stages.filter((stage) => stage.startsWith('root'));

describeIf(['root', 'seccomp'], 'the root of a child on a kernel that is too old', () => {
  testRows(
    'is an error of the step that needs the call',
    [
      ['open_tree', {}, 'root', '/'],
      ['openat2', {}, 'root', '/'],
      ['openat2', { empty: true, mounts: [bind('/etc', '/mnt')] }, 'root-source', '/etc'],
      ['openat2', { empty: true, mounts: [tmpfs('/mnt')] }, 'root-target', '/mnt'],
      ['mount_setattr', { mounts: [bind('/etc', '/mnt', { readOnly: true })] }, 'root-read-only', '/mnt'],
      ['mount_setattr', EMPTY, 'root-read-only', '/usr'],
      ['mount_setattr', { empty: true, readOnly: true }, 'root-read-only', '/'],
    ] as const,
    async ([syscall, root, stage, path]) => {
      const report = await cloneTwice({ rules: [{ syscall, errno: ENOSYS }], options: inRoot(root) });
      expect(report).toEqual(twice(failedAt(stage, ENOSYS, path, syscall)));
    },
    { name: ([syscall, , stage]) => `${syscall}: ${stage}` },
  );
});

describeIf(['root', 'seccomp', 'root-read-only'], 'a program outside the root of a child', () => {
  testRows(
    'is run, however the other fds are closed',
    [[], [{ syscall: 'close_range', errno: ENOSYS }]],
    async (rules) => {
      const options = {
        ...inRoot({ ...EMPTY, hide: ['/usr/bin'] }),
        ...{ file: '/usr/bin/true', fileOutside: true, killWithParent: true, stdio: [-1, -1, -1, -1, 0, -1] },
      };
      expect(await cloneTwice({ rules, options, inheritable: 3 })).toEqual(twice(RAN));
    },
  );
});

describeIf(['root', 'root-read-only'], 'the root of a child', () => {
  test('takes a few fds at a time, and says where there are none', async () => {
    const options = cloneOptions(inRoot(EMPTY));
    const failures = await fixtureResult<CloneFailure[]>('native/root-without-fds.js', JSON.stringify(options));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThan(6);
    for (const { stage, errno } of failures) {
      expect(errno).toBe(-EMFILE);
      expect(ROOT_STAGES).toContain(stage);
    }
  });
});

describeIf(['root', 'unprivileged-userns', 'root-read-only'], 'the root of a child of a user without rights', () => {
  const asUser = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];

  test('is made in a user namespace', () => {
    const options = {
      ...inRoot(EMPTY),
      namespaces: CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER,
      idMaps: { uidMap: `${user.uid} ${user.uid} 1`, gidMap: `${user.gid} ${user.gid} 1` },
      file: '/usr/bin/true',
    };
    expect(cloneTwiceBy(asUser, options).report).toEqual(twice(RAN));
    const { root } = inRoot({
      readOnly: true,
      proc: 'new',
      dev: true,
      mounts: [tmpfs('/tmp')],
      hide: ['/etc/passwd', '/root'],
    });
    expect(cloneTwiceBy(asUser, { ...options, root }).report).toEqual(twice(RAN));
  });

  test('needs one', () => {
    expect(cloneTwiceBy(asUser, inRoot(EMPTY)).report).toEqual(twice(failedAt('clone', EPERM, '', 'clone3')));
  });
});
