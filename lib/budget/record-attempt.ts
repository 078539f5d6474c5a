import type { Outcome } from '../../types/outcome';
import type { BudgetParts } from './budget-parts';
import type { Job } from './jobs';

/** Whether the limit of the job itself ended it: that of its cage, or that of the JavaScript heap which memcage derived from it. */
export function reachedOwnLimit({ oom, nodeHeap }: Outcome): boolean {
  return oom?.cause === 'limit' || oom?.cause === 'polled' || nodeHeap?.exhausted === 'likely';
}

/** Has the budget learn from an attempt that has ended. It still has its room. */
export function recordAttempt({ learned }: BudgetParts, job: Job, outcome: Outcome): void {
  const { key } = job.request;
  const { record } = job;
  if (learned === undefined || key === undefined || record === undefined) return;
  learned.record(key, {
    limitBytes: record.need.memoryBytes,
    wasKilled: reachedOwnLimit(outcome),
    peakBytes: outcome.memory.peakBytes,
    mostUsedBytes: record.mostUsedBytes > 0 ? record.mostUsedBytes : null,
    durationMs: outcome.durationMs,
  });
}
