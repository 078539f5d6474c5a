import { withAccess } from './access';
import type { CgroupDirectory } from './directory';
import { listPids } from './pids';
import { cgroupError, unlessGone } from './refusal';

/** Where a cgroup's processes can be stopped all at once: on v1 that is another hierarchy than the memory controller's. */
export interface Guard {
  kind: 'unified' | 'freezer';
  directory: CgroupDirectory;
}

/**
 * SIGKILL for every process of a cgroup and of those below it. With `cgroup.kill` (Linux 5.14) or a freezer nothing can
 * escape by forking; without either, its processes are stopped, then killed, to be repeated until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, guard: Guard | undefined): void {
  if (guard === undefined) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // The guard is removed before the memory cgroup, by us; someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(guard.directory, () => {
      killIn(guard.directory);
      return listPids(guard.directory, 'cgroup.procs');
    }),
  );
  // Processes that were put into the memory cgroup only (by its user) are not in the guard. To stop the others as well would take
  // another look at each cgroup below, of which a payload may have made thousands.
  unlessGone(() => withAccess(memory, () => killIn(memory, dying)));
}

/** @param spare those of them that need not be killed */
function killIn(directory: CgroupDirectory, spare: readonly number[] = []): void {
  try {
    directory.native.killAll({ dirFd: directory.anchor, path: directory.relative, spare });
  } catch (error) {
    throw cgroupError(error, 'kill the processes of', directory.path);
  }
}
