import { checkRunOptions, runChild } from '../api/run-child';
import type { Started } from '../api/started';
import type { RunOptions, RunResult } from '../contract/cage';
import { alreadyRead } from '../options/called';
import type { OutputEncoding } from '../process/collect';
import type { BudgetParts } from './budget-parts';
import type { Gone } from './followed-jobs';
import { JobPlan } from './job-plan';
import type { Again, Job } from './jobs';
import { reachedOwnLimit, recordAttempt } from './record-attempt';
import { assertOpen, assertStarts, CALLED_RUN, whenRoom } from './start-jobs';

type Result = RunResult<OutputEncoding>;

/** The work of `budget.run()`. */
export async function runJob(
  parts: BudgetParts,
  file: string,
  args: readonly string[],
  options: RunOptions | undefined,
): Promise<Result> {
  assertOpen(parts);
  const plan = new JobPlan(parts, options, CALLED_RUN);
  checkRunOptions(options ?? {});
  const request = plan.request(file, canStartAgain(options ?? {}));
  let job = await whenRoom((listener) => parts.jobs.enter(request, listener));
  for (;;) {
    assertStarts(parts, job);
    const { result, gone } = startAttempt(parts, { plan, job, file, args });
    if (gone === undefined) return result;
    const end = await gone;
    const again = whyAgain(parts, { plan, job }, end);
    recordAttempt(parts, job, end.outcome);
    if (again === undefined) {
      job.ended(end);
      parts.followed.listener?.jobEnded();
      return result;
    }
    // Nobody is told how this attempt ended.
    result.catch(() => {});
    const last = job;
    const room = whenRoom((listener) => last.endedFor(again, end.outcome, listener));
    parts.followed.listener?.jobEnded();
    job = await room;
  }
}

interface Attempt {
  result: Promise<Result>;
  /** Undefined if there was no child. */
  gone: Promise<Gone> | undefined;
}

function startAttempt(
  parts: BudgetParts,
  { plan, job, file, args }: { plan: JobPlan; job: Job; file: string; args: readonly string[] },
): Attempt {
  let gone: Promise<Gone> | undefined;
  const onStarted = (started: Started): void => {
    if (started.child.pid !== undefined) job.started(started.child);
    gone = parts.followed.untilGone(job, started, plan.keepsDescendants);
  };
  const result = runChild(alreadyRead(CALLED_RUN), file, args, plan.optionsFor(job.taken), onStarted);
  if (gone === undefined) {
    result.catch((error: Error) => job.ended({ error }));
  } else {
    // It may reject before it is known whether there is another attempt.
    result.catch(() => {});
  }
  return { result, gone };
}

/** Why the job is to start again; undefined if it has ended for good. */
function whyAgain(
  { learned, whyClosed }: BudgetParts,
  { plan, job }: { plan: JobPlan; job: Job },
  { outcome, isEvicted }: Gone,
): Again | undefined {
  const { key, signal } = job.request;
  // Its caller ended it, or everything ends.
  if (!job.canStartAgain || outcome.error !== undefined || signal?.aborted === true) return undefined;
  if (whyClosed() !== undefined) return undefined;
  // Exit code 0: it ended before the kill came.
  if ((isEvicted && outcome.exitCode !== 0) || (outcome.oom?.cause === 'cage' && !job.alone)) {
    job.alone = true;
    return 'budget';
  }
  if (key === undefined || !reachedOwnLimit(outcome)) return undefined;
  const limitBytes = learned?.limitAfterKill(key, job.taken.memoryBytes, job.attempt);
  if (limitBytes === undefined) return undefined;
  plan.raiseTo(limitBytes);
  return 'memory';
}

/** Whether nothing outside can tell that it was started twice: what it reads is still there, and what it wrote was only collected. */
function canStartAgain({ stdio }: RunOptions): boolean {
  const all = Array.isArray(stdio) ? stdio : [stdio];
  return all.every((each) => each === undefined || each === null || each === 'pipe' || each === 'ignore');
}
