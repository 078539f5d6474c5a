import { Histories, type KeyedLesson } from '../../../lib/jobs/budget/learning/histories';
import { lessonOf } from '../../../lib/jobs/budget/learning/lesson';
import { type LimitBounds, limitAfterKill } from '../../../lib/jobs/budget/learning/limit-rule';

/** A run of a program as it is without a limit. */
export interface TracedJob {
  key: string;
  /** The least limit at which it is not killed. */
  needBytes: number;
  /** With page cache. */
  peakBytes: number;
  /** What the lookout saw; null if it never looked. */
  mostUsedBytes: number | null;
  durationMs: number;
}

export interface Replay {
  jobs: number;
  /** The memory that was taken for attempts that ended by themselves, over what was needed, less 1. */
  slack: number;
  /** Which part of the jobs was killed at least once. */
  retried: number;
  /** Jobs that nothing was known of, which are in neither. */
  unknown: number;
}

/** Runs jobs one after the other, as a budget that learns would: with the limit that it had learned by then. */
export function replay(jobs: readonly TracedJob[], bounds: LimitBounds, everyMs = 1000): Replay {
  const known = new Histories();
  const sum = { jobs: 0, retried: 0, unknown: 0, granted: 0, needed: 0 };
  jobs.forEach((job, index) => {
    const timeMs = index * everyMs;
    const limit = known.limitFor(job.key, timeMs, bounds);
    const ended = runToEnd(job, limit ?? bounds.ceilingBytes, bounds);
    if (ended.lesson !== undefined) known.learn({ ...ended.lesson, key: job.key, timeMs });
    if (limit === undefined) {
      sum.unknown += 1;
      return;
    }
    sum.jobs += 1;
    sum.granted += ended.limitBytes;
    sum.needed += job.needBytes;
    if (ended.attempts > 1) sum.retried += 1;
  });
  const { jobs: count, retried, unknown, granted, needed } = sum;
  return { jobs: count, slack: granted / needed - 1, retried: retried / count, unknown };
}

function runToEnd(job: TracedJob, firstLimit: number, bounds: LimitBounds) {
  let limitBytes = firstLimit;
  let killedAtBytes: number | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const wasKilled = job.needBytes > limitBytes;
    const next = wasKilled ? limitAfterKill(limitBytes, attempt, bounds) : undefined;
    if (next === undefined) {
      const lesson: Omit<KeyedLesson, 'key' | 'timeMs'> | undefined = lessonOf({
        limitBytes,
        wasKilled,
        wasCut: false,
        killedAtBytes,
        peakBytes: Math.min(job.peakBytes, limitBytes),
        mostUsedBytes: job.mostUsedBytes,
        durationMs: job.durationMs,
      });
      return { limitBytes, attempts: attempt, lesson };
    }
    killedAtBytes = limitBytes;
    limitBytes = next;
  }
}
