import type { CgroupDirectory } from '../cgroup/directory/directory';
import { killAll } from '../cgroup/processes/kill';
import type { KillCgroup } from '../cgroup/processes/kill-cgroup';
import { removeStep, tookLong } from '../cgroup/processes/remove';

/** Brings a cgroup to its end, and its kill cgroup: kills what is in it, and removes it with all below, step by step. */
export class Teardown {
  #wasKilled = false;
  /** The last attempt to remove has found nobody, but more cgroups than there was time for. */
  #isShrinking = false;
  #isJustKilled = false;

  constructor(
    private readonly memory: CgroupDirectory,
    private readonly killCgroup: KillCgroup | undefined,
  ) {}

  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  kill(): void {
    this.#wasKilled = true;
    killAll(this.memory, this.killCgroup);
  }

  /**
   * Kill what {@link remove} has found, unless that were only cgroups. False: that took so long that the event loop is to turn
   * before it is tried again.
   */
  killForRemoval(): boolean {
    if (this.#isShrinking || this.#isJustKilled) {
      this.#isJustKilled = false;
      return true;
    }
    const startMs = performance.now();
    this.kill();
    this.#isJustKilled = tookLong(startMs);
    return !this.#isJustKilled;
  }

  /** The kill cgroup first: it is of no use without the cgroup. True once nothing is left, false while processes are. */
  remove(): boolean {
    return (
      (this.killCgroup === undefined || this.#removeStep(this.killCgroup.directory)) && this.#removeStep(this.memory)
    );
  }

  #removeStep(directory: CgroupDirectory): boolean {
    const removal = removeStep(directory);
    this.#isShrinking = removal === 'more';
    return removal === 'removed';
  }
}
