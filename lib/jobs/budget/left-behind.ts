import type { SharedCage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { FollowedJobs } from './followed-jobs';

/**
 * What ended jobs have left behind and the kernel can't drop: files in tmpfs, such as in /dev/shm, and System V shared memory.
 * They stay charged to the budget until somebody removes them, so no other job can have that memory.
 */
export class LeftBehind {
  #bytes = 0;
  /** How many jobs had ended at the last look. */
  #endedBefore = 0;

  constructor(
    private readonly cage: SharedCage,
    private readonly followed: FollowedJobs,
  ) {}

  /** Looks, if jobs have ended since the last time. */
  bytes(): number {
    const { ended } = this.followed;
    if (ended !== this.#endedBefore) {
      this.#endedBefore = ended;
      this.#bytes = this.#look();
    }
    return this.#bytes;
  }

  #look(): number {
    const { cage, followed } = this;
    if (cage.enforcedBy.kind !== 'kernel' || cage.closed) return 0;
    const all = sharedBytes(cage.cgroup);
    if (all === 0) return 0;
    return followed.measurable().reduce((rest, { cgroup }) => Math.max(0, rest - sharedBytes(cgroup)), all);
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
