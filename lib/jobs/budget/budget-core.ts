import type { SharedCage } from '../../cage/contract/cage';
import { AbortError, closedError } from '../../common/errors/errors';
import type { Capacity } from './admission/admission';
import type { Budget } from './budget';
import type { FollowedJobs, Gone } from './followed-jobs';
import type { GatePlaces } from './gate-places';
import type { Headroom } from './headroom';
import type { BudgetJob, Jobs } from './jobs';
import type { Learner } from './learning/learner';
import { reachedOwnLimit } from './learning/lesson';

/** What the functions of a budget work on. */
export interface BudgetCore {
  readonly budget: Pick<Budget, 'closed'>;
  readonly cage: SharedCage;
  readonly capacity: Capacity;
  readonly jobs: Jobs;
  readonly followed: FollowedJobs;
  readonly headroom: Headroom;
  readonly gates: GatePlaces;
  /** Undefined without `learn`. */
  readonly learner: Learner | undefined;
  /** Whether a job that the kernel killed for the limit around all jobs starts again: whoever made the budget knows of that. */
  readonly mayBeginTwice: boolean;
}

/** @throws ERR_MEMCAGE_CLOSED once nothing can be started any more */
export function assertOpen({ budget }: BudgetCore): void {
  if (budget.closed) throw closedError('The budget');
}

/** Between the room and the start an abort may have come, or the end of the budget. @throws why it can't start */
export function prepareStart(core: BudgetCore, job: BudgetJob): void {
  const { signal } = job.request;
  try {
    if (signal?.aborted === true) throw new AbortError(signal.reason);
    assertOpen(core);
  } catch (error) {
    job.leave(error as Error);
    throw error;
  }
  try {
    core.headroom.makeFor(core.jobs.ledger.running.length, core.cage);
  } catch (error) {
    job.ended({ error: error as Error });
    throw error;
  }
}

/**
 * Ends a job for good. The budget learns from it, which still has its room.
 *
 * @param killedAtBytes the highest limit at which an attempt before this one was killed; null if none was
 */
export function endJob({ learner }: BudgetCore, job: BudgetJob, end: Gone, killedAtBytes: number | null = null): void {
  const { key } = job.request;
  const { record } = job;
  if (learner !== undefined && key !== undefined && record !== undefined && end.error === undefined) {
    const { outcome } = end;
    const wasKilled = reachedOwnLimit(outcome);
    learner.record(key, {
      limitBytes: record.need.memoryBytes,
      wasKilled,
      wasCut: !wasKilled && wasCut(end),
      killedAtBytes,
      peakBytes: outcome.memory.peakBytes,
      mostUsedBytes: record.mostUsedBytes > 0 ? record.mostUsedBytes : null,
      // The child's own time is counted from its birth, after which it may have waited at a gate.
      durationMs: Math.min(outcome.durationMs, performance.now() - job.sinceMs),
    });
  }
  job.ended(end);
}

/** Whether it may have needed more later: something ended it, or one of its processes. */
function wasCut({ outcome, isEvicted }: Gone): boolean {
  return isEvicted || outcome.error !== null || outcome.signal !== null || outcome.oom !== null;
}
