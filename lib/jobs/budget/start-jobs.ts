import { alreadyRead, strictMember } from '../../common/options/accepted-options';
import { plainCopy } from '../../common/options/plain-copy';
import { nodeCall } from '../../process/node-call';
import { startCall } from '../../start/launch/start-call';
import { RUN_OPTIONS } from '../../start/run/run';
import { assertOpen, type BudgetCore, endJob, prepareStart } from './budget-core';
import { JobPlan } from './job-plan';

/** Options of a job that a member of a cage does not have. */
const JOB_OPTIONS = ['key', 'priority'];

const CALLED = {
  spawn: strictMember('budget.spawn', 'spawn', JOB_OPTIONS),
  fork: strictMember('budget.fork', 'fork', JOB_OPTIONS),
  exec: strictMember('budget.exec', 'exec', JOB_OPTIONS),
  execFile: strictMember('budget.execFile', 'execFile', JOB_OPTIONS),
};

/** The options of `budget.run()`, with which RUN_OPTIONS go. */
export const CALLED_RUN = strictMember('budget.run', 'spawn', [...RUN_OPTIONS, ...JOB_OPTIONS]);

/** The work of `budget.spawn()`, and of the others that resolve with a child. */
export function startJob(core: BudgetCore, name: keyof typeof CALLED, args: readonly unknown[]): Promise<unknown> {
  const starting = start(core, name, args);
  const callback = name === 'exec' || name === 'execFile' ? args.find((each) => typeof each === 'function') : undefined;
  if (callback !== undefined) {
    // Node calls it, too, for a child that can't be started, and who gives one may not look at the promise. An exception of theirs is
    // an uncaught one, as in Node.
    starting.catch((error: unknown) => process.nextTick(callback, error, '', ''));
  }
  return starting;
}

async function start(core: BudgetCore, name: keyof typeof CALLED, args: readonly unknown[]): Promise<unknown> {
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
