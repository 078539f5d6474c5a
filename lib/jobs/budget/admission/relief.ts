import type { RunningJob } from './admission';

/** What is to be done because memory runs short, or does so no more. */
export interface Relief<J extends RunningJob = RunningJob> {
  step: 'freeze' | 'thaw' | 'evict';
  job: J;
}

export interface Shortage<J extends RunningJob> {
  /** What the jobs that are not frozen are expected to use does not fit. */
  isShort: boolean;
  /** What is used does not fit. */
  isFull: boolean;
  /** Whether others have room, which a job would leave to them. */
  hasOthers: boolean;
  /** A job that may be frozen. */
  canFreeze(job: J): boolean;
  /** Whether there is room for what a frozen job is expected to use. */
  fits(job: J): boolean;
}

/**
 * The next step. The order is Buck2's: the youngest is frozen first, the oldest thawed first, and the oldest of all never stopped.
 * So one always gets on to its end, and then the next: every job ends.
 *
 * @param jobs that run or are frozen, in the order of their starts
 * @returns undefined if there is nothing to do; ask again after each step
 */
export function reliefFor<J extends RunningJob>(jobs: readonly J[], shortage: Shortage<J>): Relief<J> | undefined {
  const { isShort, isFull, hasOthers, canFreeze, fits } = shortage;
  const awake = jobs.filter(({ isFrozen }) => !isFrozen);
  const next = jobs.find(({ isFrozen }) => isFrozen);
  if (next !== undefined && (next === jobs[0] || (!isShort && fits(next)))) return { step: 'thaw', job: next };
  if (!isShort) return undefined;
  const youngest = awake.slice(1).filter(canFreeze).at(-1);
  if (youngest !== undefined) return { step: 'freeze', job: youngest };
  if (!isFull || !hasOthers) return undefined;
  // Freezing does not help any more.
  const victim = jobs.filter(({ canStartAgain }) => canStartAgain).at(-1) ?? jobs.at(-1);
  return victim && { step: 'evict', job: victim };
}
