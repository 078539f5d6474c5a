import { type DrawnJob, MOST_MIB } from '../../../bench/support/drawn-jobs';
import type { Admission } from '../../../lib/jobs/budget/admission/admission';
import { LookPace } from '../../../lib/jobs/budget/admission/look-pace';
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
  /** How often jobs together wanted more than the budget has: with real ones, the kernel would have killed. */
  overLimit: number;
  mostRunning: number;
}

export interface SimulateOptions {
  memoryMib: number;
  admission: Admission;
  /** If it is this one, jobs are looked at, and evicted. */
  use?: UseAdmission;
  /** The limit of a job. Default: the most that the distribution has. */
  limitMib?: (job: DrawnJob) => number;
}

interface Live {
  readonly job: DrawnJob;
  readonly record: RunningRecord;
  /** When it is gone. */
  endMs: number;
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
  readonly #result: Simulation = { makespanMs: 0, evicted: 0, overLimit: 0, mostRunning: 0 };
  #order = 0;

  constructor(private readonly options: SimulateOptions) {
    const { admission } = options;
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

  #ask(job: DrawnJob, byLimits: boolean): void {
    const limitMib = this.options.limitMib?.(job) ?? MOST_MIB;
    const request: RoomRequest = {
      need: { memoryBytes: limitMib * MIB, cpus: 0, pids: 0 },
      ...{ priority: 0, order: this.#order++, canStartAgain: !byLimits, byLimits, isMeasured: true },
      onRoom: (record) => {
        this.#live.add({ job, record, endMs: this.#nowMs + job.durationMs, isEvicted: false });
        this.#result.mostRunning = Math.max(this.#result.mostRunning, this.#live.size);
      },
    };
    this.#ledger.ask(request);
  }

  #nextEnd(): number {
    return Math.min(...Array.from(this.#live, ({ endMs }) => endMs));
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
    for (const { job, record } of this.#live) sum += job.usedAt(atMs - record.startedMs);
    return sum;
  }

  /** @returns how long until the next one */
  #look(): number {
    const { use, memoryMib } = this.options;
    if (use === undefined) return Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs;
    for (const { job, record } of this.#live) record.measured(job.usedAt(nowMs - record.startedMs) * MIB);
    const usedBytes = this.#usedMib(nowMs) * MIB;
    use.looked(this.#ledger.running, { usedBytes }, nowMs);
    for (let job = use.victim(this.#ledger.running, usedBytes); job !== undefined; ) {
      this.#evict(use, job as RunningRecord);
      job = use.victim(this.#ledger.running, usedBytes);
    }
    this.#ledger.giveRoom();
    return this.#pace.after(usedBytes, memoryMib * MIB, nowMs);
  }

  #evict(use: UseAdmission, record: RunningRecord): void {
    use.evicted(record);
    this.#result.evicted += 1;
    for (const live of this.#live) {
      if (live.record !== record) continue;
      live.endMs = Math.min(live.endMs, this.#nowMs + KILL_MS);
      live.isEvicted = true;
    }
  }

  #end(): void {
    for (const live of this.#live) {
      if (live.endMs > this.#nowMs) continue;
      this.#live.delete(live);
      this.#ledger.release(live.record);
      const { use } = this.options;
      use?.looked(this.#ledger.running, { usedBytes: this.#usedMib(this.#nowMs) * MIB }, this.#nowMs);
      if (live.isEvicted) this.#ask(live.job, true);
      this.#ledger.giveRoom();
    }
  }
}
