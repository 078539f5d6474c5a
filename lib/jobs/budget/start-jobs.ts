import type { RunOptions, RunResult } from '../../cage/contract/cage';
import { alreadyRead, strictMember } from '../../common/options/accepted-options';
import { JOB_OPTIONS, RUN_OPTIONS } from '../../common/options/names';
import { plainCopy } from '../../common/options/plain-copy';
import type { OutputEncoding } from '../../process/collect-output';
import { nodeCall } from '../../process/node-call';
import { type Started, startCall } from '../../start/launch/start-call';
import { checkRunOptions, runChild } from '../../start/run/run-child';
import { assertOpen, type BudgetCore, endJob, prepareStart } from './budget-core';
import type { Gone } from './followed-jobs';
import { JobPlan } from './job-plan';
import type { Again, BudgetJob } from './jobs';
import { reachedOwnLimit } from './learning/lesson';

const CALLED = {
  spawn: strictMember('budget.spawn', 'spawn', JOB_OPTIONS),
  fork: strictMember('budget.fork', 'fork', JOB_OPTIONS),
};

/** The options of `budget.run()`, with which RUN_OPTIONS go. */
const CALLED_RUN = strictMember('budget.run', 'spawn', [...RUN_OPTIONS, ...JOB_OPTIONS]);

/** The work of `budget.spawn()` and `budget.fork()`. */
export async function startJob(
  core: BudgetCore,
  name: keyof typeof CALLED,
  args: readonly unknown[],
): Promise<unknown> {
  assertOpen(core);
  const called = CALLED[name];
  // The options are copied as they are read.
  const call = nodeCall(
    name,
    args.map((each) => (Array.isArray(each) ? plainCopy<unknown>(each) : each)),
  );
  const plan = new JobPlan(core, call.options, called);
  const job = await core.jobs.whenRoom(plan.request(args[0], false));
  prepareStart(core, job);
  try {
    const started = startCall({ ...call, options: plan.optionsFor(job.taken) }, alreadyRead(called));
    if (started.child.pid !== undefined) job.startedUnseen(started.child);
    const { keepsDescendants } = plan;
    core.followed.follow({ job, started, keepsDescendants }, (end) => endJob(core, job, end));
    return started.result;
  } catch (error) {
    job.ended({ error: error as Error });
    throw error;
  }
}

type Result = RunResult<OutputEncoding>;

/** The work of `budget.run()`. */
export async function runJob(
  core: BudgetCore,
  file: string,
  given: readonly string[],
  options: RunOptions | undefined,
): Promise<Result> {
  assertOpen(core);
  const plan = new JobPlan(core, options, CALLED_RUN);
  checkRunOptions(options ?? {});
  const args = plainCopy(given);
  const request = plan.request(file, canStartAgain(plan, options ?? {}));
  let job = await core.jobs.whenRoom(request);
  for (;;) {
    prepareStart(core, job);
    const { result, again } = startAttempt(core, { plan, job, file, args });
    // Nobody is told how an attempt ended that was not the last. What the last one keeps running may have its room for long.
    const room = request.canStartAgain ? await again : undefined;
    if (room === undefined) return result;
    job = await room.promise;
  }
}

interface RunningAttempt {
  result: Promise<Result>;
  /** Resolves once what it took is free again: with the room of the next attempt, or undefined if there is none. */
  again: Promise<{ promise: Promise<BudgetJob> } | undefined>;
}

function startAttempt(
  core: BudgetCore,
  { plan, job, file, args }: { plan: JobPlan; job: BudgetJob; file: string; args: readonly string[] },
): RunningAttempt {
  let again: RunningAttempt['again'] | undefined;
  const onStarted = (started: Started): void => {
    if (started.child.pid !== undefined) job.started(started.child);
    const { keepsDescendants } = plan;
    again = new Promise((resolve) => {
      core.followed.follow({ job, started, keepsDescendants }, (end) => {
        const why = prepareAgain(core, { plan, job }, end);
        if (why === undefined) {
          endJob(core, job, end, plan.killedAtBytes);
          resolve(undefined);
        } else {
          // In an object: resolve() would wait for a bare promise.
          resolve({ promise: job.startAgain(why, end.outcome) });
        }
      });
    });
  };
  const { record } = job;
  const stoppedMs = (): number => record?.frozenMs(performance.now()) ?? 0;
  const hooks = { onStarted, stoppedMs };
  const result = runChild(alreadyRead(CALLED_RUN), file, args, plan.optionsFor(job.taken), hooks);
  // The result may be rejected before it is known whether there is another attempt.
  result.catch((error: Error) => {
    if (again === undefined) job.ended({ error });
  });
  return { result, again: again ?? Promise.resolve(undefined) };
}

/** Has the job ask for what it needs if it is to start again. @returns why it is; undefined: it has ended for good */
function prepareAgain(
  { budget, mayBeginTwice }: BudgetCore,
  { plan, job }: { plan: JobPlan; job: BudgetJob },
  { outcome, isEvicted }: Gone,
): Again | undefined {
  const { signal } = job.request;
  // The caller ended the job, or everything ends.
  if (!job.canStartAgain || outcome.error !== null || signal?.aborted === true) return undefined;
  if (budget.closed) return undefined;
  // By exit code 0 the job says that it has done its work, whatever was killed of it. What it has done elsewhere would be done twice.
  if (outcome.exitCode === 0) return undefined;
  if (isEvicted || (mayBeginTwice && outcome.oom?.cause === 'cage' && !job.byLimits)) {
    job.byLimits = true;
    return 'budget';
  }
  return reachedOwnLimit(outcome) && plan.raiseAbove(job.taken.memoryBytes) ? 'memory' : undefined;
}

/**
 * Whether nothing outside can tell that it was started twice: what it reads is still there, what it wrote was only collected, and
 * nothing of it runs on.
 */
function canStartAgain({ keepsDescendants }: JobPlan, { stdio }: RunOptions): boolean {
  if (keepsDescendants) return false;
  const all = Array.isArray(stdio) ? stdio : [stdio];
  return all.every((each) => each === undefined || each === null || each === 'pipe' || each === 'ignore');
}
