import type { Attempt, Learner } from './learning/learner';

/** What others learn, and what time does to it, may come so late. It bounds how many keys are kept here, too. */
const KEPT_FOR_MS = 1000;

/** What was learned, by key. A queue asks for it often, and it changes little but as a job ends. */
export class KeyLimits {
  readonly #known = new Map<string, number | undefined>();
  #knownSinceMs = 0;

  /** @param mostBytes no limit is more than that */
  constructor(
    private readonly learner: Learner,
    readonly mostBytes: number,
  ) {}

  /** In bytes; undefined if nothing is known. */
  limitFor(key: string): number | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#knownSinceMs >= KEPT_FOR_MS) {
      this.#known.clear();
      this.#knownSinceMs = nowMs;
    }
    if (!this.#known.has(key)) this.#known.set(key, this.#bounded(this.learner.limitFor(key)));
    return this.#known.get(key);
  }

  /** In bytes, for a key of which nothing is known. */
  firstLimit(): number {
    return Math.min(this.learner.firstLimit(), this.mostBytes);
  }

  /** The limit to try after so many kills; undefined if a higher one can't be had. */
  limitAfterKill(key: string, limitBytes: number, kills: number): number | undefined {
    const next = this.#bounded(this.learner.limitAfterKill(key, limitBytes, kills));
    return next !== undefined && next > limitBytes ? next : undefined;
  }

  record(key: string, last: Attempt): void {
    this.#known.delete(key);
    this.learner.record(key, last);
  }

  close(): Promise<void> {
    return this.learner.close();
  }

  #bounded(bytes: number | undefined): number | undefined {
    return bytes === undefined ? undefined : Math.min(bytes, this.mostBytes);
  }
}
