import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type CloneFailure, type CloneOptions, native, type RootPlan } from 'memcage/native';
import { fixtureResult } from '../../support/fixture';
import { cloneTwice, cloneTwiceBy, failedAt, RAN, twice } from '../../support/native/clone-fixture';
import { cloneOptions, shell, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { user } from '../../support/rootless';
import { inChroot } from '../../support/roots/chroot';
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

const WITHOUT_SBIN: Partial<RootPlan> = {
  empty: true,
  proc: 'new',
  dev: true,
  mounts: SYSTEM.filter(({ to }) => to !== '/sbin'),
};
const OWN: Partial<RootPlan> = { proc: 'new', mounts: [tmpfs('/etc')], hide: ['/job'] };

const CHECKOUT = join(__dirname, '../../..');

describeIf(['root', 'root-read-only'], 'the root of a child of a process in a chroot', () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  testRows(
    'is the only one there is, with as much as the caller sees',
    [
      { root: WITHOUT_SBIN },
      { root: OWN, isShared: true },
      { root: WITHOUT_SBIN, isMount: true, isShared: true },
      { root: OWN, isMount: true },
      { root: { ...OWN, path: '/' }, isMount: true },
    ] as const,
    ({ root, ...chroot }) => {
      // Who enters the mount namespace anew comes to its root, as who climbs out of a chroot does.
      const anew = 'nsenter --mount=/proc/self/ns/mnt sh -c "echo /*"';
      const script = `[ "$(echo /*)" = "$(${anew})" ] && echo same; [ -e /srv ] || echo in the chroot`;
      const options: Partial<CloneOptions> = { ...inRoot(root), ...shell(script), stdio: [-1, 2, 2] };
      const { report, stderr } = cloneTwiceBy(inChroot(directory, CHECKOUT, chroot), options);
      expect(report).toEqual(twice(RAN));
      expect(stderr).toBe('same\nin the chroot\n'.repeat(2));
    },
    {
      name: ({ root, ...chroot }) =>
        `${'path' in root ? root.path : Object.keys(root)[0]} ${Object.keys(chroot).join(' ')}`,
    },
  );
});

describeIf(['root', 'root-read-only'], 'the root of a child of a process without CAP_SYS_CHROOT', () => {
  test('is not made, since it might be in a chroot', () => {
    const { report } = cloneTwiceBy(['setpriv', '--bounding-set=-sys_chroot'], inRoot({}));
    expect(report).toEqual(twice(failedAt('root-pivot', EPERM, '/proc/self/ns/mnt', 'setns')));
  });
});
