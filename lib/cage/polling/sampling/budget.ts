/** What the sampler may use of one processor in the long run. */
const SHARE = 0.05;

/** What it may have saved for when it is needed, in milliseconds of a processor. */
const MOST_SAVED_MS = 50;

/** Keeps the cost of all regular looks together within a share of one processor. */
export class Budget {
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
