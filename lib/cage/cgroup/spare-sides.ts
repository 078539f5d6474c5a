import type { LimitsReport } from '../../../types/outcome';
import { isInUse } from '../../cgroup/controllers/controller-files';
import { unlessGone } from '../../cgroup/directory/refusal';
import { type ControllerLimits, isSameControllers } from '../../cgroup/limits/cage-limits';
import { killAll } from '../../cgroup/processes/kill-cgroup';
import { removeTree, undoPatiently } from '../../cgroup/processes/remove-cgroup';
import type { ControllerHome } from '../root/cage-version';

/** With more than this, what is left of the current period of 100 ms may be too little for the next child. */
const MOST_USAGE_MS = 10;

/**
 * The side cgroups (v1) of the last private cage whose child has left no trace in their counts. The next cage with the
 * same limits takes them: to make and to remove one is a twentieth of what a short child takes.
 */
export class SpareSides {
  #spare: { limits: ControllerLimits; sides: readonly ControllerHome[] } | undefined;
  #isClosed = false;

  /** The caller renews them, or removes them. Empty if there are none for these limits. */
  take(limits: ControllerLimits): readonly ControllerHome[] {
    const spare = this.#spare;
    if (spare === undefined || !isSameControllers(spare.limits, limits)) return [];
    // Without a free fd this throws, and they stay the spare ones.
    const isFree = spare.sides.every(({ directory }) => unlessGone(() => !isInUse(directory)) === true);
    this.#spare = undefined;
    if (isFree) return spare.sides;
    removeSides(spare.sides);
    return [];
  }

  /** Keeps the side cgroups of a child that has ended, if they are of use, and removes others. Never throws. */
  giveBack(limits: ControllerLimits, sides: readonly ControllerHome[], report: LimitsReport): void {
    if (sides.length === 0) return;
    const isSpareEnough = this.#spare !== undefined && isSameControllers(this.#spare.limits, limits);
    if (this.#isClosed || isSpareEnough || !isAsNew(report)) {
      removeSides(sides);
      return;
    }
    // Other limits are wanted now.
    if (this.#spare !== undefined) removeSides(this.#spare.sides);
    this.#spare = { limits, sides };
  }

  close(): void {
    this.#isClosed = true;
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) removeSides(spare.sides);
  }
}

/**
 * Removes side cgroups whose cage is gone. What can't be removed for a while is removed with the cage root. Never
 * throws.
 */
function removeSides(sides: readonly ControllerHome[]): void {
  for (const { directory } of sides) {
    undoPatiently(() => {
      if (removeTree(directory)) return true;
      // A process that has left all other cgroups of its cage.
      killAll(directory);
      return removeTree(directory);
    });
  }
}

/** What the next child would count as its own: refusals, a peak of more than itself, waiting. */
function isAsNew({ pids, cpu }: LimitsReport): boolean {
  const isUncounted = pids === null || ((pids.limitHits ?? 0) === 0 && (pids.peak ?? 1) <= 1);
  return isUncounted && (cpu === null || ((cpu.throttledMs ?? 0) === 0 && (cpu.usedMs ?? 0) <= MOST_USAGE_MS));
}
