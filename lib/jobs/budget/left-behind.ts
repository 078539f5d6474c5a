import type { Cage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';

/**
 * What ended jobs have left behind and the kernel can't drop: files in tmpfs, such as in /dev/shm, and System V shared memory.
 * They stay charged to the budget until somebody removes them, so no other job can have that memory.
 */
export class LeftBehind {
  #bytes = 0;
  /** Set if there may be more or less of it than at the last look: the cgroups of the jobs that run. */
  #running: (() => readonly Cgroup[]) | undefined;

  constructor(private readonly cage: Cage) {}

  /** A job has ended. Nothing is read before somebody asks: nobody may wait. */
  changed(running: () => readonly Cgroup[]): void {
    this.#running = running;
  }

  bytes(): number {
    const running = this.#running;
    if (running !== undefined) {
      this.#running = undefined;
      this.#bytes = this.#look(running);
    }
    return this.#bytes;
  }

  #look(running: () => readonly Cgroup[]): number {
    const { cage } = this;
    if (cage.enforcedBy.kind !== 'kernel' || cage.closing) return 0;
    const all = sharedBytes(cage.cgroup);
    if (all === 0) return 0;
    return running().reduce((rest, cgroup) => Math.max(0, rest - sharedBytes(cgroup)), all);
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
