import type { Admission, Need, RunningJob } from './admission';
import { JobQueue, type Waiting } from './job-queue';

/** Someone who asks for room. */
export interface RoomRequest extends Waiting {
  /** Its use can't be measured: it counts as used in full. */
  readonly isMeasured: boolean;
  /** It has room from now on. Must not throw. */
  onRoom(running: RunningRecord): void;
}

/** The record of one that runs. */
export class RunningRecord implements RunningJob {
  /** As it was then: what is learned later changes nothing of it. */
  readonly need: Need;
  usedBytes: number;
  mostUsedBytes: number;

  constructor(
    readonly request: RoomRequest,
    readonly startedMs: number,
  ) {
    this.need = request.need;
    this.usedBytes = request.isMeasured ? 0 : this.need.memoryBytes;
    this.mostUsedBytes = this.usedBytes;
  }

  get canStartAgain(): boolean {
    return this.request.canStartAgain;
  }

  measured(usedBytes: number): void {
    this.usedBytes = usedBytes;
    this.mostUsedBytes = Math.max(this.mostUsedBytes, usedBytes);
  }
}

export interface LedgerOptions {
  admission: Admission;
  /** The most that run at a time; `Infinity` for no limit. */
  concurrency: number;
  /** Monotonic time in milliseconds. */
  now(): number;
}

/** Who has room in a budget, and who waits for it. */
export class RoomLedger {
  readonly #queue = new JobQueue<RoomRequest>();
  readonly #running: RunningRecord[] = [];
  #isLooking = false;

  constructor(private readonly options: LedgerOptions) {}

  get running(): readonly RunningRecord[] {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** All that wait. */
  waiting(): RoomRequest[] {
    return [...this.#queue];
  }

  reservedBytes(): number {
    return this.options.admission.reservedBytes(this.#running, this.options.now());
  }

  /** It may get its room within this call. */
  ask(request: RoomRequest): void {
    this.#queue.add(request);
    this.look();
  }

  /** False if it does not wait (any more). {@link look} then: it may have been what the others waited for. */
  withdraw(request: RoomRequest): boolean {
    return this.#queue.delete(request);
  }

  /** Takes the room back. {@link look} then. */
  release(record: RunningRecord): void {
    const place = this.#running.indexOf(record);
    if (place !== -1) this.#running.splice(place, 1);
  }

  /** Gives room to all that may have it now. */
  look(): void {
    // Whoever gets room may give it back, or ask for more, at once: the loop sees it.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const record = new RunningRecord(next, this.options.now());
        this.#running.push(record);
        next.onRoom(record);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  #next(): RoomRequest | undefined {
    const { admission, concurrency, now } = this.options;
    if (this.queued === 0 || this.#running.length >= concurrency) return undefined;
    if (this.#running.some(({ request }) => request.alone)) return undefined;
    const nowMs = now();
    return this.#queue.take((job) =>
      job.alone ? this.#running.length === 0 : admission.admits(job, this.#running, nowMs),
    );
  }
}
