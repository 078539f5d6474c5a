import { AbortError } from '../../common/errors/errors';
import { alreadyRead, strictMember } from '../../common/options/called';
import { asCalled } from '../../common/options/plain-copy';
import { nodeCall } from '../../process/node-call';
import { startThroughNode } from '../../start/launch/call-node';
import { RUN_OPTIONS } from '../../start/run/run';
import type { BudgetParts } from './budget-parts';
import { recordLast } from './end-job';
import { JobPlan } from './job-plan';
import type { Job, JobListener } from './jobs';
import { tellStarted } from './tell-started';

/** Options of a job that a member of a cage does not have. */
const JOB_OPTIONS = ['key', 'priority'];

const CALLED = {
  spawn: strictMember('budget.spawn', 'spawn', JOB_OPTIONS),
  fork: strictMember('budget.fork', 'fork', JOB_OPTIONS),
  exec: strictMember('budget.exec', 'exec', JOB_OPTIONS),
  execFile: strictMember('budget.execFile', 'execFile', JOB_OPTIONS),
};

/** Those of run(), with which RUN_OPTIONS go. */
export const CALLED_RUN = strictMember('budget.run', 'spawn', [...RUN_OPTIONS, ...JOB_OPTIONS]);

/**
 * Resolves as a job that `wait` has wait gets room, in a microtask: Node emits what a start brings about ('spawn', 'error')
 * only after all microtasks, and so after the caller has got the child.
 */
export function whenRoom(wait: (listener: JobListener) => void): Promise<Job> {
  return new Promise((resolve, reject) => {
    wait({ onRoom: resolve, onLeft: reject });
  });
}

/** @throws ERR_MEMCAGE_CLOSED */
export function assertOpen({ whyClosed }: BudgetParts): void {
  const closed = whyClosed();
  if (closed !== undefined) throw closed;
}

/** Between the room and the start an abort may have come, or the end of the budget. @throws why it can't start */
export function prepareStart({ whyClosed, headroom, jobs, cage }: BudgetParts, job: Job): void {
  const { signal } = job.request;
  const error = signal?.aborted === true ? new AbortError(signal.reason) : whyClosed();
  if (error !== undefined) {
    job.leave(error);
    throw error;
  }
  try {
    headroom.makeFor(jobs.ledger.running.length, cage);
  } catch (refusal) {
    job.ended({ error: refusal as Error });
    throw refusal;
  }
}

/** The options are copied as they are read. */
function listAsCalled(given: unknown): unknown {
  return Array.isArray(given) ? asCalled<unknown>(given) : given;
}

/** The work of `budget.spawn()`, and of the others that resolve with a child. */
export async function startJob(
  parts: BudgetParts,
  name: keyof typeof CALLED,
  args: readonly unknown[],
): Promise<unknown> {
  assertOpen(parts);
  const called = CALLED[name];
  const call = nodeCall(name, args.map(listAsCalled));
  const plan = new JobPlan(parts, call.options, called);
  const request = plan.request(args[0], false);
  const job = await whenRoom((listener) => parts.jobs.enter(request, listener));
  prepareStart(parts, job);
  const need = job.taken;
  try {
    const started = startThroughNode({ ...call, options: plan.optionsFor(need) }, alreadyRead(called));
    if (started.child.pid !== undefined) tellStarted(job, started.child);
    const { keepsDescendants } = plan;
    parts.followed.follow({ job, started, keepsDescendants }, (end) => {
      recordLast(parts, { job, end, killedAtBytes: null });
      job.ended(end);
    });
    return started.result;
  } catch (error) {
    job.ended({ error: error as Error });
    throw error;
  }
}
