/** What a job takes of a budget. */
export interface Need {
  /** The limit of its memory, in bytes. */
  memoryBytes: number;
  /** Processors; 0 if it asks for none. */
  cpus: number;
  /** Processes and threads; 0 if it asks for none. */
  pids: number;
}

/** A job that runs, as the rules of admission see it. */
export interface RunningJob {
  readonly need: Need;
  /** False if the use can't be measured: then all that it has room for counts as used, and nothing of it is frozen or evicted. */
  readonly isMeasured: boolean;
  /** Whether the budget can start it again without its caller noticing. Others are evicted last. */
  readonly canStartAgain: boolean;
  /** Whether the budget has stopped it until there is more memory. */
  readonly isFrozen: boolean;
  /** The job was killed for the others, and runs only where the limits of all that run fit together: so it is not killed again. */
  readonly byLimits: boolean;
  /**
   * What it used when it was last measured, without page cache that the kernel can drop, in bytes; 0 before that. Room that
   * somebody reserved can't be measured: it counts as used in full from the start.
   */
  readonly usedBytes: number;
  /** The most that it was seen to use. */
  readonly mostUsedBytes: number;
  /** How long it has run, in milliseconds, without the time in which it was frozen. */
  ranMs(nowMs: number): number;
}

/** A job that asks for room. */
export type AskingJob = Pick<RunningJob, 'need' | 'isMeasured' | 'byLimits'>;

/**
 * Which jobs may run at the same time. Knows no clock, no kernel and no queue. Where it refuses a job, it refuses any that
 * needs at least as much of everything, unless that is measured and the other is not, or the other goes by limits.
 */
export interface Admission {
  /** Whether a job may start beside those that run. Without any it must: it fits the budget, or would never start. */
  admits(job: AskingJob, running: readonly RunningJob[], nowMs: number): boolean;
  /** What the running jobs have taken of the memory, in bytes. */
  reservedBytes(running: readonly RunningJob[]): number;
}

/** What a budget has of each; `Infinity` for no limit. */
export type Capacity = Need;

/** Sums of fractions of processors are off by less than that. */
const ROUNDING = 1e-9;

/** A job takes its limits, so that all jobs together can't take more than the budget has. */
export class LimitsAdmission implements Admission {
  /** @param leftBytes memory that no job can have since ended ones left it behind, in bytes */
  constructor(
    private readonly capacity: Capacity,
    private readonly leftBytes: () => number = () => 0,
  ) {}

  admits({ need }: AskingJob, running: readonly RunningJob[]): boolean {
    // What was left behind may go, or may not: the one job that must start gets to try.
    if (running.length === 0) return true;
    const { capacity } = this;
    const taken = total(running);
    return (
      taken.memoryBytes + need.memoryBytes + this.leftBytes() <= capacity.memoryBytes &&
      taken.cpus + need.cpus <= capacity.cpus + ROUNDING &&
      taken.pids + need.pids <= capacity.pids
    );
  }

  reservedBytes(running: readonly RunningJob[]): number {
    return total(running).memoryBytes;
  }
}

function total(running: readonly RunningJob[]): Need {
  const taken = { memoryBytes: 0, cpus: 0, pids: 0 };
  for (const { need } of running) {
    taken.memoryBytes += need.memoryBytes;
    taken.cpus += need.cpus;
    taken.pids += need.pids;
  }
  return taken;
}
