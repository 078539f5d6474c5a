import type { Cgroup } from '../cgroup/handle/cgroup';
import type { Cage } from '../contract/cage';

/**
 * What ended jobs have left behind and the kernel can't drop: files in tmpfs, such as in /dev/shm, and System V shared memory.
 * They stay charged to the budget until somebody removes them, so no other job can have that memory.
 */
export class LeftBehind {
  bytes = 0;

  constructor(private readonly cage: Cage) {}

  /** @param running the cgroups of the jobs that run */
  look(running: readonly Cgroup[]): void {
    const { cage } = this;
    if (cage.enforcedBy.kind !== 'kernel' || cage.closing) return;
    const all = sharedBytes(cage.cgroup);
    if (all === 0) this.bytes = 0;
    else
      this.bytes = Math.max(
        0,
        running.reduce((rest, cgroup) => rest - sharedBytes(cgroup), all),
      );
  }
}

/** 0 of a cgroup that is gone. */
function sharedBytes(cgroup: Cgroup): number {
  try {
    return cgroup.get('memory.stat')[cgroup.version === 1 ? 'total_shmem' : 'shmem'] ?? 0;
  } catch {
    return 0;
  }
}
