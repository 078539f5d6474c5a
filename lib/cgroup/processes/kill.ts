import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { withAccess } from '../directory/with-access';
import type { KillCgroup } from './kill-cgroup';
import { listPids } from './pids';

/**
 * Sends SIGKILL to every process in a cgroup and those below it. With `cgroup.kill` (Linux 5.14) or a freezer, none can
 * escape by forking. Without either, or where their files are refused, this stops the processes, then kills them; repeat
 * it until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, killCgroup?: KillCgroup): void {
  if (killCgroup === undefined || killCgroup.directory === memory) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // memcage removes the kill cgroup before the memory cgroup. Someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(killCgroup.directory, () => {
      killIn(killCgroup.directory);
      return listPids(killCgroup.directory, 'cgroup.procs');
    }),
  );
  // Processes that someone put only into the memory cgroup are not in the kill cgroup. Spare the others, which are
  // dying already: stopping them too would mean looking again at each cgroup below, and a payload may have made
  // thousands.
  unlessGone(() => withAccess(memory, () => killIn(memory, dying)));
}

/** @param spare processes that need not be killed */
function killIn(directory: CgroupDirectory, spare: readonly number[] = []): void {
  try {
    directory.native.killAll({ dirFd: directory.anchor, path: directory.relative, spare });
  } catch (error) {
    throw cgroupError(error, 'kill the processes of', directory.path);
  }
}
