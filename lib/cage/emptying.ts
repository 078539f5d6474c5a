import type { CgroupDirectory } from '../cgroup/directory';
import { type Guard, killAll } from '../cgroup/kill';
import { removeStep, tookLong } from '../cgroup/remove';

/** Brings a cgroup to its end, and its guard: kills what is in it, and removes it with all below, step by step. */
export class Emptying {
  #wasKilled = false;
  /** The last attempt to remove has found nobody, but more cgroups than there was time for. */
  #isShrinking = false;
  #isJustKilled = false;

  constructor(
    private readonly memory: CgroupDirectory,
    private readonly guard: Guard | undefined,
  ) {}

  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  kill(): void {
    this.#wasKilled = true;
    killAll(this.memory, this.guard);
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

  /** The guard first: it is of no use without the cgroup. True once nothing is left, false while processes are. */
  remove(): boolean {
    return (this.guard === undefined || this.#removeStep(this.guard.directory)) && this.#removeStep(this.memory);
  }

  #removeStep(directory: CgroupDirectory): boolean {
    const removal = removeStep(directory);
    this.#isShrinking = removal === 'more';
    return removal === 'removed';
  }
}
