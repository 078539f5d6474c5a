import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { withAccess } from '../directory/with-access';
import type { KillCgroup } from './kill-cgroup';
import { listPids } from './pids';

/**
 * SIGKILL for every process of a cgroup and of those below it. With `cgroup.kill` (Linux 5.14) or a freezer nothing can
 * escape by forking; without either, its processes are stopped, then killed, to be repeated until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, killCgroup?: KillCgroup): void {
  if (killCgroup === undefined || killCgroup.directory === memory) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // The kill cgroup is removed before the memory cgroup, by us; someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(killCgroup.directory, () => {
      killIn(killCgroup.directory);
      return listPids(killCgroup.directory, 'cgroup.procs');
    }),
  );
  // Processes that were put into the memory cgroup only (by its user) are not in the kill cgroup. To stop the others as
  // well would take another look at each cgroup below, of which a payload may have made thousands.
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
