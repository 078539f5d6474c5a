/** Moments at one distance from each other, without drift; those that were missed are left out. */
export class Beat {
  #dueMs = performance.now();

  constructor(private readonly intervalMs: number) {}

  /** How long it is until the next one, as setTimeout() takes it: not less, in whole milliseconds. */
  untilNextMs(): number {
    const nowMs = performance.now();
    this.#dueMs += Math.max(1, Math.ceil((nowMs - this.#dueMs) / this.intervalMs)) * this.intervalMs;
    return Math.ceil(this.#dueMs - nowMs);
  }
}
