import type { Admission, Need, RunningJob } from './admission';
import { JobQueue, type Waiting } from './job-queue';

/** Someone who asks for room. */
export interface RoomRequest extends Waiting {
  readonly canStartAgain: boolean;
  /** The request has room from now on. Must not throw. */
  onRoom(running: RunningRecord): void;
}

/** The record of one that runs. */
export class RunningRecord implements RunningJob {
  /** What the job needed when it got its room: what is learned later changes nothing of that. */
  readonly need: Need;
  readonly byLimits: boolean;
  usedBytes: number;
  mostUsedBytes: number;
  #frozenSinceMs: number | undefined;
  #frozenMs = 0;

  constructor(
    readonly asker: RoomRequest,
    private readonly startedMs: number,
  ) {
    this.need = asker.need;
    this.byLimits = asker.byLimits;
    this.usedBytes = asker.isMeasured ? 0 : this.need.memoryBytes;
    this.mostUsedBytes = this.usedBytes;
  }

  get isMeasured(): boolean {
    return this.asker.isMeasured;
  }

  get canStartAgain(): boolean {
    return this.asker.canStartAgain;
  }

  get isFrozen(): boolean {
    return this.#frozenSinceMs !== undefined;
  }

  /** For how long it has been frozen so far, in milliseconds. */
  frozenMs(nowMs: number): number {
    return this.#frozenMs + nowMs - (this.#frozenSinceMs ?? nowMs);
  }

  ranMs(nowMs: number): number {
    return nowMs - this.startedMs - this.frozenMs(nowMs);
  }

  froze(nowMs: number): void {
    this.#frozenSinceMs ??= nowMs;
  }

  thawed(nowMs: number): void {
    this.#frozenMs = this.frozenMs(nowMs);
    this.#frozenSinceMs = undefined;
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
  /** Whether those that wait may have room since it was last given. */
  #hasChanged = false;

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
    return this.options.admission.reservedBytes(this.#running);
  }

  /** The request may get its room within this call. */
  ask(request: RoomRequest): void {
    this.#queue.add(request);
    // Nothing has changed for those that were refused: of thousands that wait none is asked about.
    if (this.#hasChanged || this.#admits(request)) this.giveRoom();
  }

  /** For one that can't wait: it gets its room within this call. False: there is none, and it does not wait. */
  askNow(request: RoomRequest): boolean {
    this.#queue.add(request);
    if (this.#hasChanged || this.#admits(request)) {
      // Whoever is called by the loop can't wait for its next round either.
      if (this.#isLooking) this.#giveRoom();
      else this.giveRoom();
    }
    return !this.withdraw(request);
  }

  /** False if it does not wait (any more). {@link giveRoomIfChanged} then: it may have been what the others waited for. */
  withdraw(request: RoomRequest): boolean {
    const heldBack = this.#queue.due === request;
    if (!this.#queue.delete(request)) return false;
    this.#hasChanged ||= heldBack;
    return true;
  }

  /** Takes the room back. {@link giveRoomIfChanged} then. */
  release(record: RunningRecord): void {
    const place = this.#running.indexOf(record);
    if (place === -1) return;
    this.#running.splice(place, 1);
    this.#hasChanged = true;
  }

  /** Looks, if others may have room since someone gave back theirs, or left. */
  giveRoomIfChanged(): void {
    if (this.#hasChanged) this.giveRoom();
  }

  /** Gives room to all that may have it now. */
  giveRoom(): void {
    // Whoever gets room may give it back, or ask for more, at once: the loop sees it.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#giveRoom();
    } finally {
      this.#isLooking = false;
    }
  }

  #giveRoom(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const record = new RunningRecord(next, this.options.now());
      this.#running.push(record);
      next.onRoom(record);
    }
    this.#hasChanged = false;
  }

  #next(): RoomRequest | undefined {
    return this.#mayStartAny() ? this.#queue.take((job) => this.#admits(job)) : undefined;
  }

  #admits(job: RoomRequest): boolean {
    if (!this.#mayStartAny()) return false;
    const { admission, now } = this.options;
    return admission.admits(job, this.#running, now());
  }

  #mayStartAny(): boolean {
    return this.queued > 0 && this.#running.length < this.options.concurrency;
  }
}
