import { type DrawnJob, MOST_MIB } from '../../../bench/support/drawn-jobs';
import type { Admission } from '../../../lib/jobs/budget/admission/admission';
import { LookPace } from '../../../lib/jobs/budget/admission/look-pace';
import { type JobControl, Reliever } from '../../../lib/jobs/budget/admission/reliever';
import { RoomLedger, type RoomRequest, type RunningRecord } from '../../../lib/jobs/budget/admission/room-ledger';
import type { UseAdmission } from '../../../lib/jobs/budget/admission/use-admission';

const MIB = 2 ** 20;
/** From a kill until its memory is free. */
const KILL_MS = 20;
/** How often the simulated kernel sees whether the limit of the budget is reached. */
const KERNEL_MS = 5;

export interface Simulation {
  /** When the last job had ended. */
  makespanMs: number;
  evicted: number;
  /** Jobs that can't start again, and were killed. */
  lost: number;
  freezes: number;
  /** How often jobs together wanted more than the budget has: with real ones, the kernel would have killed. */
  overLimit: number;
  mostRunning: number;
}

export interface SimulateOptions {
  memoryMib: number;
  admission: Admission;
  /** If it is this one, jobs are looked at, and evicted. */
  use?: UseAdmission;
  /** Whether a job that is evicted starts again. Default: yes. */
  canStartAgain?: boolean;
  /** The limit of a job. Default: the most that the distribution has. */
  limitMib?: (job: DrawnJob) => number;
}

interface Live {
  readonly job: DrawnJob;
  readonly record: RunningRecord;
  /** When it is gone, if it was killed. */
  killedMs: number;
  isEvicted: boolean;
}

/** Runs jobs, all of which wait from the start, in a budget without a kernel: event by event, in no real time. */
export function simulate(jobs: readonly DrawnJob[], options: SimulateOptions): Simulation {
  return new Simulator(options).run(jobs);
}

class Simulator {
  #nowMs = 0;
  readonly #live = new Set<Live>();
  readonly #pace = new LookPace(4);
  readonly #ledger: RoomLedger;
  readonly #result: Simulation = { makespanMs: 0, evicted: 0, lost: 0, freezes: 0, overLimit: 0, mostRunning: 0 };
  readonly #reliever: Reliever | undefined;
  #order = 0;

  constructor(private readonly options: SimulateOptions) {
    const { admission, use } = options;
    this.#reliever = use && new Reliever(use, this.#control());
    this.#ledger = new RoomLedger({ admission, concurrency: Number.POSITIVE_INFINITY, now: () => this.#nowMs });
  }

  run(jobs: readonly DrawnJob[]): Simulation {
    for (const job of jobs) this.#ask(job, false);
    let lookMs = 0;
    while (this.#live.size > 0) {
      const next = Math.min(lookMs, this.#nextEnd());
      this.#pass(next);
      if (next === lookMs) lookMs = this.#nowMs + this.#look();
      this.#end();
    }
    this.#result.makespanMs = this.#nowMs;
    return this.#result;
  }

  #control(): JobControl {
    return {
      setFrozen: (_, isFrozen) => {
        if (isFrozen) this.#result.freezes += 1;
        return true;
      },
      evict: (record) => this.#evict(record),
      hasSignal: () => false,
      doings: () => {
        const awake = this.#ledger.running.filter(({ isFrozen }) => !isFrozen);
        const sum = (of: (record: RunningRecord) => number): number => awake.reduce((all, each) => all + of(each), 0);
        return { usedBytes: sum(({ usedBytes }) => usedBytes), cpuMs: sum((record) => record.ranMs(this.#nowMs)) };
      },
    };
  }

  #ask(job: DrawnJob, byLimits: boolean): void {
    const limitMib = this.options.limitMib?.(job) ?? MOST_MIB;
    const request: RoomRequest = {
      need: { memoryBytes: limitMib * MIB, cpus: 0, pids: 0 },
      ...{
        priority: 0,
        order: this.#order++,
        canStartAgain: (this.options.canStartAgain ?? true) && !byLimits,
        byLimits,
        isMeasured: true,
      },
      onRoom: (record) => {
        this.#live.add({ job, record, killedMs: Number.POSITIVE_INFINITY, isEvicted: false });
        this.#result.mostRunning = Math.max(this.#result.mostRunning, this.#live.size);
      },
    };
    this.#ledger.ask(request);
  }

  #nextEnd(): number {
    return Math.min(...Array.from(this.#live, (live) => this.#endOf(live)));
  }

  #endOf({ job, record, killedMs }: Live): number {
    const endMs = record.isFrozen ? Number.POSITIVE_INFINITY : this.#nowMs + job.durationMs - record.ranMs(this.#nowMs);
    return Math.min(killedMs, endMs);
  }

  /** Lets time pass, in which the kernel looks. */
  #pass(untilMs: number): void {
    for (let atMs = this.#nowMs; atMs < untilMs; atMs += KERNEL_MS) {
      if (this.#usedMib(atMs) > this.options.memoryMib) this.#result.overLimit += 1;
    }
    this.#nowMs = untilMs;
  }

  #usedMib(atMs: number): number {
    let sum = 0;
    for (const { job, record } of this.#live) sum += job.usedAt(record.ranMs(atMs));
    return sum;
  }

  /** @returns how long until the next one */
  #look(): number {
    const { use, memoryMib } = this.options;
    if (use === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs;
    for (const { job, record } of this.#live) record.measured(job.usedAt(record.ranMs(nowMs)) * MIB);
    const usedBytes = this.#usedMib(nowMs) * MIB;
    use.looked(this.#ledger.running, { usedBytes }, nowMs);
    this.#reliever?.relieve(this.#ledger.running, usedBytes, nowMs);
    this.#ledger.giveRoom();
    return this.#pace.after(usedBytes, memoryMib * MIB, nowMs);
  }

  #evict(record: RunningRecord): void {
    if (record.canStartAgain) this.#result.evicted += 1;
    else this.#result.lost += 1;
    for (const live of this.#live) {
      if (live.record !== record) continue;
      live.killedMs = this.#nowMs + KILL_MS;
      live.isEvicted = true;
    }
  }

  #end(): void {
    for (const live of this.#live) {
      if (this.#endOf(live) > this.#nowMs) continue;
      this.#live.delete(live);
      this.#ledger.release(live.record);
      const { use } = this.options;
      use?.looked(this.#ledger.running, { usedBytes: this.#usedMib(this.#nowMs) * MIB }, this.#nowMs);
      if (live.isEvicted && live.record.canStartAgain) this.#ask(live.job, true);
      this.#ledger.giveRoom();
    }
  }
}
