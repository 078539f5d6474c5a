import type { Cgroup } from '../../../cgroup/handle/cgroup';
import type { Admission, RunningJob } from './admission';

/** Admission that may turn out wrong. It says then which job has to go. */
export interface EvictingAdmission extends Admission {
  /** The job to kill, of those that can start again; undefined while all is well, or if none can. */
  victim(running: readonly RunningJob[], usedBytes: number): RunningJob | undefined;
}

/** A running job that has a cgroup of its own to look at. */
export interface MeasurableJob {
  readonly job: RunningJob;
  /** That of its private cage. It goes away as the job ends: reading it may throw ERR_MEMCAGE_CGROUP_GONE. */
  readonly cgroup: Cgroup;
  /** Takes what it uses now: sets `usedBytes` of the job, and raises `mostUsedBytes`. */
  measured(usedBytes: number): void;
}

/** What a {@link UseMeter} sees of its budget, and can do to it. */
export interface MeteredBudget {
  /** The cgroup around all jobs. */
  readonly cgroup: Cgroup;
  /** All that run, rooms that somebody reserved too. */
  running(): readonly RunningJob[];
  /** Those of them that can be measured at this moment. */
  measurable(): readonly MeasurableJob[];
  /**
   * Kills a job of {@link running}. Once it has ended, it waits to start again, by limits. Does nothing if the job can't start
   * again, or is being evicted already.
   */
  evict(job: RunningJob): void;
  /** The rules may now admit more: look at the queue again. */
  admitAgain(): void;
}

/** Measures running jobs, evicts, and has the queue looked at again. It must not keep the event loop alive. */
export interface UseMeter {
  /** A job has started. Called for each; only the first one that runs needs to set things going. */
  jobStarted(): void;
  /** A job has ended and has given its room back. After the last one there is nothing to measure. */
  jobEnded(): void;
  /** The budget closes. */
  stop(): void;
}

/** What `admit: 'use'` is made of. */
export interface UseParts {
  admission: EvictingAdmission;
  /** Called once, when the budget is made. */
  createMeter(budget: MeteredBudget): UseMeter;
}
