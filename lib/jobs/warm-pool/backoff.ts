const FIRST_MS = 100;
const MOST_MS = 60_000;

/** How long to wait after children that ended before anybody took them: each time twice as long. */
export class Backoff {
  #failures = 0;

  failed(): void {
    this.#failures += 1;
  }

  /** A child was good for something. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** 0 if there is no reason to wait. */
  get delayMs(): number {
    return this.#failures === 0 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (this.#failures - 1));
  }
}
