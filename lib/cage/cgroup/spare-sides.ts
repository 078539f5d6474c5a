import type { LimitsReport } from '../../../types/outcome';
import { type ControllerLimits, isSameControllers } from '../../cgroup/limits/cage-limits';
import { removeTree, undo } from '../../cgroup/processes/remove';
import type { ControllerHome } from '../root/root-controllers';

/** With more than this, what is left of the current period of 100 ms may be too little for the next child. */
const MOST_USAGE_MS = 10;

/**
 * The side cgroups (v1) of the last private cage whose child has left them as good as new. The next cage with the same
 * limits takes them: to make and to remove one costs a short child more than all else about it.
 */
export class SpareSides {
  #spare: { limits: ControllerLimits; homes: readonly ControllerHome[] } | undefined;
  #isClosed = false;

  /** The caller writes the limits once more: a child with the right to may have changed them. */
  take(limits: ControllerLimits): readonly ControllerHome[] | undefined {
    const spare = this.#spare;
    if (spare === undefined || !isSameControllers(spare.limits, limits)) return undefined;
    this.#spare = undefined;
    return spare.homes;
  }

  /** Keeps the side cgroups of a child that has ended, if they are of use, and removes others. Never throws. */
  giveBack(limits: ControllerLimits, homes: readonly ControllerHome[], report: LimitsReport): void {
    if (homes.length === 0) return;
    const isSpareEnough = this.#spare !== undefined && isSameControllers(this.#spare.limits, limits);
    if (this.#isClosed || isSpareEnough || !isAsNew(report)) {
      remove(homes);
      return;
    }
    // Other limits are wanted now.
    if (this.#spare !== undefined) remove(this.#spare.homes);
    this.#spare = { limits, homes };
  }

  close(): void {
    this.#isClosed = true;
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) remove(spare.homes);
  }
}

/** What the next child would count as its own: refusals, a peak of more than itself, waiting. */
function isAsNew({ pids, cpu }: LimitsReport): boolean {
  const isUncounted = pids === undefined || ((pids.hits ?? 0) === 0 && (pids.peak ?? 1) <= 1);
  return isUncounted && (cpu === undefined || ((cpu.throttledMs ?? 0) === 0 && (cpu.usageMs ?? 0) <= MOST_USAGE_MS));
}

function remove(homes: readonly ControllerHome[]): void {
  // What can't be removed now is removed with the cage root.
  for (const { directory } of homes) undo(() => void removeTree(directory));
}
