import type { Hierarchies } from './mounts';

/**
 * Explains why no memory controller is visible, and what helps.
 *
 * @param procCgroup the text of `/proc/self/cgroup`, which lists hierarchies whether or not they are mounted
 */
export function missingMemory({ unified }: Pick<Hierarchies, 'unified'>, procCgroup: string): string {
  const start = 'There is no memory controller to be seen:';
  const lines = procCgroup.split('\n').map((line) => line.split(':'));
  if (lines.some(([, controllers]) => controllers?.split(',').includes('memory'))) {
    return (
      `${start} it is on cgroup v1, which is not mounted here; in a container, mount /sys/fs/cgroup of the host, else ` +
      'run mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory'
    );
  }
  if (unified === null) {
    return (
      `${start} no cgroup file system is mounted here; run the container with /sys/fs/cgroup, or run ` +
      'mount -t cgroup2 cgroup2 /sys/fs/cgroup'
    );
  }
  return (
    `${start} ${unified.mountPoint} does not have it in cgroup.controllers; it may be disabled at boot ` +
    '(cgroup_disable=memory), or not be enabled in cgroup.subtree_control of a cgroup above'
  );
}
