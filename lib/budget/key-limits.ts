import type { Attempt, Learner } from './learning/learner';

/** What was learned, by key. A queue asks for it often, and it changes only as a job ends. */
export class KeyLimits {
  readonly #known = new Map<string, number | undefined>();

  /** @param mostBytes no limit is more than that */
  constructor(
    private readonly learner: Learner,
    readonly mostBytes: number,
  ) {}

  /** In bytes; undefined if nothing is known. */
  limitFor(key: string): number | undefined {
    if (!this.#known.has(key)) this.#known.set(key, this.#bounded(this.learner.limitFor(key)));
    return this.#known.get(key);
  }

  /** The limit to try after a kill; undefined if a higher one can't be had. */
  limitAfterKill(key: string, limitBytes: number, attempt: number): number | undefined {
    const next = this.#bounded(this.learner.limitAfterKill(key, limitBytes, attempt));
    return next !== undefined && next > limitBytes ? next : undefined;
  }

  record(key: string, attempt: Attempt): void {
    this.#known.delete(key);
    this.learner.record(key, attempt);
  }

  close(): Promise<void> {
    return this.learner.close();
  }

  #bounded(bytes: number | undefined): number | undefined {
    return bytes === undefined ? undefined : Math.min(bytes, this.mostBytes);
  }
}
