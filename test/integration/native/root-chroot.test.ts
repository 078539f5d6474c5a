import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { CloneOptions, RootPlan } from 'memcage/native';
import { cloneTwiceBy, failedAt, RAN, twice } from '../../support/native/clone-fixture';
import { shell, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { inChroot } from '../../support/roots/chroot';
import { inRoot, SYSTEM, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EPERM } = constants.errno;

const EMPTY: Partial<RootPlan> = {
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
      { root: EMPTY },
      { root: OWN, isShared: true },
      { root: EMPTY, isMount: true, isShared: true },
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
