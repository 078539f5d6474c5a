/** Moments at regular intervals, without drift. Skips those that were missed. */
export class Beat {
  #dueMs = performance.now();

  constructor(private readonly intervalMs: number) {}

  /** The time until the next moment, rounded up to whole milliseconds for setTimeout(). */
  untilNextMs(): number {
    const nowMs = performance.now();
    this.#dueMs += Math.max(1, Math.ceil((nowMs - this.#dueMs) / this.intervalMs)) * this.intervalMs;
    return Math.ceil(this.#dueMs - nowMs);
  }
}
