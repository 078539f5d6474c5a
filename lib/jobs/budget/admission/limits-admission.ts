import type { Admission, AskingJob, Need, RunningJob } from './admission';

/** What a budget has of each; `Infinity` for no limit. */
export type Supply = Need;

/** Sums of fractions of processors are off by less than that. */
const ROUNDING = 1e-9;

/** A job takes its limits, so that all jobs together can't take more than the budget has. */
export class LimitsAdmission implements Admission {
  /** @param leftBytes memory that no job can have since ended ones left it behind, in bytes */
  constructor(
    private readonly supply: Supply,
    private readonly leftBytes: () => number = () => 0,
  ) {}

  admits({ need }: AskingJob, running: readonly RunningJob[]): boolean {
    // What was left behind may go, or may not: the one job that must start gets to try.
    if (running.length === 0) return true;
    const { supply } = this;
    const taken = total(running);
    return (
      taken.memoryBytes + need.memoryBytes + this.leftBytes() <= supply.memoryBytes &&
      taken.cpus + need.cpus <= supply.cpus + ROUNDING &&
      taken.pids + need.pids <= supply.pids
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
