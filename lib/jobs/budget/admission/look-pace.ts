/** A burst must not fill what is free within one look. A thread fills so many bytes per millisecond with new pages. */
const SUDDEN_GROWTH = 2 ** 21;
/** No more threads than that are expected to begin at once. */
const MOST_THREADS = 8;
const SOONEST_MS = 10;
const LATEST_MS = 250;

/** When the jobs of a budget have to be looked at again: the sooner, the less memory is free, and the faster they grow. */
export class LookPace {
  #lastBytes = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Bytes per millisecond. */
  #growth = 0;
  readonly #suddenGrowth: number;

  /** @param processors on which jobs run */
  constructor(processors: number) {
    this.#suddenGrowth = SUDDEN_GROWTH * Math.min(processors, MOST_THREADS);
  }

  /** @returns milliseconds until the next look */
  after(usedBytes: number, memoryBytes: number, nowMs: number): number {
    const growth = Math.max(0, usedBytes - this.#lastBytes) / Math.max(1, nowMs - this.#lastMs);
    this.#growth = Math.max(growth, this.#growth / 2);
    this.#lastBytes = usedBytes;
    this.#lastMs = nowMs;
    const wanted = (memoryBytes - usedBytes) / (4 * Math.max(this.#growth, this.#suddenGrowth));
    return Math.min(LATEST_MS, Math.max(SOONEST_MS, wanted));
  }
}
