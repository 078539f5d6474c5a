import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { unlessGone } from '../../cgroup/directory/refusal';
import { type KillCgroup, killAll } from '../../cgroup/processes/kill-cgroup';
import { removeStep, tookLong } from '../../cgroup/processes/remove-cgroup';

/**
 * Ends a cgroup with its kill cgroup and its side cgroups: kills what is in them, and removes them with all below them,
 * step by step.
 */
export class Teardown {
  #wasKilled = false;
  /** The last attempt to remove found no process, but more cgroups than it had time for. */
  #isShrinking = false;
  #isJustKilled = false;

  constructor(
    private readonly memory: CgroupDirectory,
    private readonly killCgroup: KillCgroup | undefined,
    private readonly sides: readonly CgroupDirectory[],
  ) {}

  get wasKilled(): boolean {
    return this.#wasKilled;
  }

  kill(): void {
    this.#wasKilled = true;
    killAll(this.memory, this.killCgroup);
    // A process may be in one of these alone, as it may be in the memory cgroup alone.
    for (const side of this.sides) unlessGone(() => killAll(side));
  }

  /**
   * Kills what {@link remove} found, unless it found only cgroups. False if that took so long that the event loop
   * should get a turn before the next attempt.
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

  /** Removes the kill cgroup first: alone it would be useless. True once nothing is left, false while processes are. */
  remove(): boolean {
    const { killCgroup, sides, memory } = this;
    const all = killCgroup === undefined ? [...sides, memory] : [killCgroup.directory, ...sides, memory];
    return all.every((directory) => this.#removeStep(directory));
  }

  #removeStep(directory: CgroupDirectory): boolean {
    const removal = removeStep(directory);
    this.#isShrinking = removal === 'more';
    return removal === 'removed';
  }
}
