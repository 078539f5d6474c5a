import type { CgroupDirectory } from '../cgroup/directory/directory';
import { passingOver } from '../cgroup/directory/walk';
import { type CgroupVersion, parseNames } from '../cgroup/files/formats';
import { listPids } from '../cgroup/processes/pids';

/**
 * Whether a cage is one that a program keeps ready for its next child: nobody is in it, and it is none for many, which is prepared
 * for the cgroups of its children. A private one goes with its child.
 */
export function isSpare(cage: CgroupDirectory, version: CgroupVersion): boolean {
  return passingOver(() => !isForMany(cage, version) && listPids(cage, 'cgroup.procs').length === 0) ?? false;
}

/** v1: it has lost its stamp when it was made. */
function isForMany(cage: CgroupDirectory, version: CgroupVersion): boolean {
  return version === 2 ? parseNames(cage.read('cgroup.subtree_control')).includes('memory') : !cage.isStamped();
}
