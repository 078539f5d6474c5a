import { randomFrom } from '../../../bench/support/random';
import { Reliever } from '../../../lib/jobs/budget/admission/reliever';
import { RoomLedger, type RoomRequest, RunningRecord } from '../../../lib/jobs/budget/admission/room-ledger';
import { UseAdmission } from '../../../lib/jobs/budget/admission/use-admission';

const MIB = 2 ** 20;
const STEP_MS = 10;
/** While nobody gets on. */
const LONG_STEP_MS = 250;
/** After so long without progress whoever waits for a frozen one has to go on. */
const STILL_MS = 35_000;

/** How a schedule went. */
export interface Ran {
  jobs: number;
  freezes: number;
  evicted: number;
  lost: number;
}

interface PlannedJob {
  limitMib: number;
  durationMs: number;
  /** Use at the beginning, the middle and the end, in parts of the limit. */
  parts: readonly [number, number, number];
  canStartAgain: boolean;
  /** A job by its number that it waits for in the middle, if that runs then; undefined if there is none. */
  waitsFor: number | undefined;
  /** Room without a child. */
  isRoom: boolean;
}

interface LiveJob {
  readonly record: RunningRecord;
  doneMs: number;
  isEvicted: boolean;
}

/** Runs a schedule that is drawn by this number. @throws if a job never ends, or the order is not held */
export function runSchedule(seed: number): Ran {
  return new Schedule(seed).run();
}

class Schedule {
  readonly #random: () => number;
  readonly #memoryMib: number;
  readonly #jobs: readonly PlannedJob[];
  readonly #live = new Map<number, LiveJob>();
  readonly #use: UseAdmission;
  readonly #ledger: RoomLedger;
  readonly #reliever: Reliever;
  readonly #ran: Ran;
  #nowMs = 0;
  #order = 0;
  #progressMs = 0;

  constructor(private readonly seed: number) {
    this.#random = randomFrom(seed);
    this.#memoryMib = 256 * 2 ** this.#int(0, 3);
    this.#jobs = Array.from({ length: this.#int(2, 10) }, (_, number) => this.#drawJob(number));
    const none = Number.POSITIVE_INFINITY;
    this.#use = new UseAdmission({ memoryBytes: this.#memoryMib * MIB, cpus: none, pids: none });
    this.#ledger = new RoomLedger({ admission: this.#use, concurrency: none, now: () => this.#nowMs });
    this.#ran = { jobs: this.#jobs.length, freezes: 0, evicted: 0, lost: 0 };
    this.#reliever = new Reliever(this.#use, {
      setFrozen: (_, isFrozen) => {
        if (isFrozen) this.#ran.freezes += 1;
        return true;
      },
      evict: (record) => this.#evict(record),
      hasSignal: () => this.#random() < 0.001,
      doings: () => ({
        usedBytes: this.#running().reduce((sum, { isFrozen, usedBytes }) => sum + (isFrozen ? 0 : usedBytes), 0),
        cpuMs: this.#progressMs,
      }),
    });
  }

  run(): Ran {
    this.#learn();
    for (const number of this.#jobs.keys()) this.#ask(number, false);
    let movedMs = this.#nowMs;
    while (this.#live.size > 0) {
      const hasMoved = this.#pass(movedMs === this.#nowMs ? STEP_MS : LONG_STEP_MS);
      this.#look();
      this.#end();
      if (hasMoved || this.#live.size === 0) movedMs = this.#nowMs;
      else if (this.#nowMs - movedMs > STILL_MS * this.#jobs.length) throw this.#error('nobody gets on');
    }
    if (this.#ledger.queued > 0) throw this.#error('a job waits for ever');
    return this.#ran;
  }

  /** Half of the budgets have seen small jobs, and admit many. */
  #learn(): void {
    if (this.#random() < 0.5) return;
    for (let job = 0; job < 5; job += 1) {
      this.#runSmall(this.#memoryMib / 50);
      this.#use.looked([], { usedBytes: 0 }, this.#nowMs);
    }
  }

  #runSmall(mib: number): void {
    const need = { memoryBytes: (this.#memoryMib * MIB) / 2, cpus: 0, pids: 0 };
    const asker: RoomRequest = {
      ...{ need, priority: 0, order: 0, canStartAgain: true, byLimits: false, isMeasured: true },
      onRoom: () => {},
    };
    const record = new RunningRecord(asker, this.#nowMs);
    for (let look = 0; look < 3; look += 1) {
      this.#nowMs += 5 * STEP_MS;
      record.measured(mib * MIB);
      this.#use.looked([record], { usedBytes: mib * MIB }, this.#nowMs);
    }
  }

  #drawJob(number: number): PlannedJob {
    const limitMib = Math.max(16, Math.floor(this.#memoryMib * (0.1 + 0.9 * this.#random() ** 2)));
    const part = (): number => (this.#random() < 0.5 ? 0.2 * this.#random() : this.#random());
    return {
      limitMib,
      durationMs: 20 + 400 * this.#random() ** 2,
      parts: [part(), part(), part()],
      canStartAgain: this.#random() < 0.3,
      waitsFor: this.#random() < 0.2 ? this.#int(number, number + 5) : undefined,
      isRoom: this.#random() < 0.05,
    };
  }

  #ask(number: number, byLimits: boolean): void {
    const { limitMib, canStartAgain, isRoom } = this.#job(number);
    this.#order += 1;
    this.#ledger.ask({
      need: { memoryBytes: limitMib * MIB, cpus: 0, pids: 0 },
      ...{ priority: 0, order: this.#order, canStartAgain: canStartAgain && !isRoom, byLimits, isMeasured: !isRoom },
      onRoom: (record) => this.#started(number, record),
    });
  }

  #started(number: number, record: RunningRecord): void {
    const isAlone = this.#running().length === 1;
    const mostBytes = this.#running().reduce((sum, { need }) => sum + need.memoryBytes, 0);
    if (!isAlone && mostBytes > this.#memoryMib * MIB && this.#running().some(({ isFrozen }) => isFrozen)) {
      throw this.#error('a job starts though another is frozen');
    }
    this.#live.set(number, { record, doneMs: 0, isEvicted: false });
  }

  /** @returns whether anybody got on */
  #pass(ms: number): boolean {
    this.#nowMs += ms;
    let hasMoved = false;
    for (const [number, live] of this.#live) {
      const { durationMs, waitsFor } = this.#job(number);
      const waits =
        live.doneMs >= durationMs / 2 && waitsFor !== undefined && waitsFor !== number && this.#live.has(waitsFor);
      if (live.record.isFrozen || waits) continue;
      live.doneMs += ms;
      this.#progressMs += ms;
      hasMoved = true;
    }
    return hasMoved;
  }

  #look(): void {
    for (const [number, { record, doneMs }] of this.#live) {
      if (record.isMeasured) record.measured(this.#usedMib(number, doneMs) * MIB);
    }
    const usedBytes = this.#running().reduce((sum, each) => sum + (each.isMeasured ? each.usedBytes : 0), 0);
    this.#use.looked(this.#running(), { usedBytes }, this.#nowMs);
    this.#reliever.relieve(this.#running(), usedBytes, this.#nowMs);
    const measured = this.#running().filter(({ isMeasured }) => isMeasured);
    if (measured[0]?.isFrozen === true && !this.#isEvicted(measured[0])) throw this.#error('the oldest is frozen');
    this.#ledger.giveRoom();
  }

  #usedMib(number: number, doneMs: number): number {
    const { limitMib, durationMs, parts } = this.#job(number);
    const at = Math.min(1.999, (2 * doneMs) / durationMs);
    const [before = 0, after = 0] = parts.slice(Math.floor(at));
    return limitMib * (before + (after - before) * (at % 1));
  }

  #evict(record: RunningRecord): void {
    for (const live of this.#live.values()) if (live.record === record) live.isEvicted = true;
    if (record.canStartAgain) this.#ran.evicted += 1;
    else this.#ran.lost += 1;
  }

  #isEvicted(record: RunningRecord): boolean {
    return [...this.#live.values()].some((live) => live.record === record && live.isEvicted);
  }

  #end(): void {
    for (const [number, { record, doneMs, isEvicted }] of this.#live) {
      if (!isEvicted && doneMs < this.#job(number).durationMs) continue;
      this.#live.delete(number);
      this.#ledger.release(record);
      if (isEvicted && record.canStartAgain) this.#ask(number, true);
    }
    this.#ledger.giveRoomIfChanged();
    // The lookout looks soon after an end.
    if (this.#live.size === 0) this.#use.looked([], { usedBytes: 0 }, this.#nowMs);
    this.#ledger.giveRoom();
  }

  #running(): readonly RunningRecord[] {
    return this.#ledger.running;
  }

  #job(number: number): PlannedJob {
    const job = this.#jobs[number];
    if (job === undefined) throw this.#error(`no job ${number}`);
    return job;
  }

  #int(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  #error(what: string): Error {
    return new Error(`schedule ${this.seed}, after ${this.#nowMs} ms: ${what}`);
  }
}
