import type { Outcome } from '../../../../types/outcome';

/** The last attempt at a job, as it ended. */
export interface Attempt {
  limitBytes: number;
  /** Whether the kernel killed in it for this limit. */
  wasKilled: boolean;
  /** Whether something else than its own memory ended it before its time: an abort, a timeout, the budget. */
  wasCut: boolean;
  /** The highest limit for which an attempt at the same job was killed before this one; null if none was. */
  killedAtBytes: number | null;
  /** Highest use as the kernel recorded it, page cache included, never more than the limit; null if it recorded none. */
  peakBytes: number | null;
  /** The most that it was seen to use without page cache that the kernel can drop; null if it was never looked at. */
  mostUsedBytes: number | null;
  durationMs: number;
}

/**
 * Whether the limit of a job itself ended it, or perhaps did: that of its cage, or that of the JavaScript heap which memcage
 * derived from it.
 */
export function reachedOwnLimit({ oom, nodeHeap, memory }: Outcome): boolean {
  if (nodeHeap?.exhausted === 'likely' || oom?.cause === 'limit') return true;
  // What is polled tells whose limit it was by its size alone.
  return (oom?.cause === 'polled' || oom?.cause === 'refused') && oom.limitBytes === memory.limitBytes;
}

/** What a job says about the need of its kind. */
export interface Lesson {
  bytes: number;
  /** Whether an attempt at it was killed. Such a job weighs more. */
  wasKilled: boolean;
}

/** After a kill the limit is this much higher, be it for the next attempt or for the next job. */
export const GROWTH_AFTER_KILL = 1.5;
/** A running job is looked at no less often. So long before its end its last look may have been. */
const LOOK_EVERY_MS = 250;
/** With fewer, what was seen may be of any moment: a Node program of half a second was seen to use a third of its need. */
const LEAST_LOOKS = 4;
/** The kernel charges in batches, and a cgroup may stay that much below a limit that it has reached. */
const CHARGE_BATCH_BYTES = 1024 ** 2;

/**
 * What a job needed: the most memory that it used at a time without page cache, which the kernel drops rather than kill. Nobody
 * measures that, but it has bounds:
 *
 * - The peak is no less than it, unless the kernel had to drop page cache at the limit. Then the limit is no less: it sufficed.
 * - What the job was seen to use is no more than it. Of a job whose use grows evenly to its end, the last look missed what came after
 *   it, on average the growth of half the time between two looks: with time for n looks, it needed n / (n - 1/2) times what was seen. That is the
 *   estimate, within the bounds. Where it is too little for a kind of job, a kill says so.
 * - A job that was not looked at four times needed, for all that is known, its peak. If that was the limit, the job says nothing: if it said that
 *   it needed the limit, the limit would grow with each job that only reads files, and if it said less, the next would be killed.
 * - A job that was killed needed more than the limit. It says what worked in the end, or if nothing did, what would be tried next.
 *
 * A job that was cut says only that, and else nothing: nobody knows what it would have needed later.
 *
 * @returns undefined if nothing can be learned
 */
export function lessonOf(last: Attempt): Lesson | undefined {
  const { limitBytes, wasKilled, wasCut, killedAtBytes } = last;
  const killedAt = wasKilled ? limitBytes : killedAtBytes;
  if (wasKilled || wasCut)
    return killedAt === null ? undefined : { bytes: killedAt * GROWTH_AFTER_KILL, wasKilled: true };
  const bytes = estimate(last);
  if (killedAt !== null) return { bytes: Math.max(bytes ?? limitBytes, killedAt), wasKilled: true };
  return bytes === undefined ? undefined : { bytes, wasKilled: false };
}

function estimate({ limitBytes, peakBytes, mostUsedBytes, durationMs }: Attempt): number | undefined {
  const isCut = peakBytes === null || peakBytes >= limitBytes - CHARGE_BATCH_BYTES;
  const most = isCut ? limitBytes : peakBytes;
  const looks = durationMs / LOOK_EVERY_MS;
  if (mostUsedBytes === null || looks < LEAST_LOOKS) return isCut ? undefined : most;
  return Math.min(most, (mostUsedBytes * looks) / (looks - 0.5));
}
