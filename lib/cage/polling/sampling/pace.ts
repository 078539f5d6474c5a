const SOONEST_MS = 2;
const LATEST_MS = 100;

/** What one thread can fill with new pages, in bytes per millisecond: a process that sleeps may begin at any time. */
const SUDDEN_GROWTH = 8 * 2 ** 20;

/** How many looks there are in the time until the limit is reached. */
const LOOKS_AHEAD = 4;

/** Half a gigabyte a second, in bytes per millisecond. */
export const FAST = 2 ** 19;

/** Within this part of its limit a group is looked at without a pause, if it grows so fast that it would reach it within that time. */
export const LAST_PART = 0.2;
const RUSH_MS = 50;

/** How much of the measured growth is expected after a look without any. */
const MEMORY_OF_GROWTH = 0.7;

/** How much may be added between two looks where there is no limit, as a part of what there is. */
const UNLIMITED_STEP = 0.05;

/** When a group has to be looked at again: the sooner, the nearer it is to its limit, and the faster it grows. */
export class Pace {
  #lastBytes = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Bytes per millisecond. */
  #growth = 0;

  /** @returns milliseconds until the next look */
  after(usageBytes: number, limitBytes: number, nowMs: number): number {
    const growth = Math.max(0, usageBytes - this.#lastBytes) / Math.max(1, nowMs - this.#lastMs);
    this.#growth = Math.max(growth, this.#growth * MEMORY_OF_GROWTH);
    this.#lastBytes = usageBytes;
    this.#lastMs = nowMs;
    const wanted =
      limitBytes === Number.POSITIVE_INFINITY
        ? (UNLIMITED_STEP * usageBytes) / this.#growth
        : (limitBytes - usageBytes) / Math.max(LOOKS_AHEAD * this.#growth, SUDDEN_GROWTH);
    // NaN: it uses nothing and does not grow.
    const soonest = this.rushes(limitBytes) ? 0 : SOONEST_MS;
    return Math.min(LATEST_MS, Math.max(soonest, Number.isNaN(wanted) ? LATEST_MS : wanted));
  }

  /** Whether it grows so fast that a look that comes late is late by much. */
  get isFast(): boolean {
    return this.#growth > FAST;
  }

  /** Whether it was about to reach its limit at the last look. */
  rushes(limitBytes: number): boolean {
    const left = limitBytes - this.#lastBytes;
    return left < limitBytes * LAST_PART && left < this.#growth * RUSH_MS;
  }
}

/** What the sampler may use of one processor in the long run. */
const SHARE = 0.05;

/** What the sampler may have saved for when it is needed, in milliseconds of a processor. */
const MOST_SAVED_MS = 50;

/** Keeps the cost of all regular looks together within a share of one processor. */
export class ProcessorShare {
  #savedMs = MOST_SAVED_MS;
  #lastCostMs = 0;
  #countedMs: number;

  constructor(nowMs: number) {
    this.#countedMs = nowMs;
  }

  spend(costMs: number, nowMs: number): void {
    this.#count(nowMs);
    // Bounded, since nothing sees the processes meanwhile.
    this.#savedMs = Math.max(-MOST_SAVED_MS, this.#savedMs - costMs);
    this.#lastCostMs = costMs;
  }

  /** Milliseconds until another look as dear as the last one can be paid. */
  waitMs(nowMs: number): number {
    this.#count(nowMs);
    // A look that costs more than can be saved must still happen at some time.
    return Math.max(0, (Math.min(this.#lastCostMs, MOST_SAVED_MS) - this.#savedMs) / SHARE);
  }

  /** Whether there is enough for what is not urgent. */
  isAmple(nowMs: number): boolean {
    this.#count(nowMs);
    return this.#savedMs > MOST_SAVED_MS / 2;
  }

  #count(nowMs: number): void {
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + (nowMs - this.#countedMs) * SHARE);
    this.#countedMs = nowMs;
  }
}
