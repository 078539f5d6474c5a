import type { Outcome } from '../../../types/outcome';
import type { BudgetParts } from './budget-parts';
import type { Gone } from './followed-jobs';
import type { Job } from './jobs';

/** Whether the limit of the job itself ended it: that of its cage, or that of the JavaScript heap which memcage derived from it. */
export function reachedOwnLimit({ oom, nodeHeap }: Outcome): boolean {
  return oom?.cause === 'limit' || oom?.cause === 'polled' || nodeHeap?.exhausted === 'likely';
}

/** The last attempt at a job. */
interface LastAttempt {
  job: Job;
  end: Gone;
  /** The highest limit at which an attempt before it was killed. */
  killedAtBytes: number | null;
}

/** Has the budget learn from a job that has ended for good. It still has its room. */
export function recordLast({ learner }: BudgetParts, { job, end, killedAtBytes }: LastAttempt): void {
  const { key } = job.request;
  const { record } = job;
  if (learner === undefined || key === undefined || record === undefined || end.error !== undefined) return;
  const { outcome } = end;
  const wasKilled = reachedOwnLimit(outcome);
  learner.record(key, {
    limitBytes: record.need.memoryBytes,
    wasKilled,
    wasCut: !wasKilled && wasCut(end),
    killedAtBytes,
    peakBytes: outcome.memory.peakBytes,
    mostUsedBytes: record.mostUsedBytes > 0 ? record.mostUsedBytes : null,
    // Its own is counted from its birth, after which it may have waited at a gate.
    durationMs: Math.min(outcome.durationMs, performance.now() - job.sinceMs),
  });
}

/** Whether it may have needed more later: something ended it, or one of its processes. */
function wasCut({ outcome, isEvicted }: Gone): boolean {
  return isEvicted || outcome.error !== undefined || outcome.signal !== null || outcome.oom !== null;
}
