import type { Outcome } from '../../index.js';

/** Why a job is to end before it has. */
export interface Stop {
  /** What the processor gets as the reason of its signal. */
  reason: unknown;
  /** The error of the job; without an outcome if no child of it was started. */
  error(outcome: Outcome | undefined): Error;
  /** Whether that is the error whatever the processor says after. */
  isFinal: boolean;
  /** Whether the processor gets no time to end by itself. */
  atOnce: boolean;
}

/** What may end a job early, and who has to hear of it. */
export class Stops {
  first: Stop | undefined;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(stop: Stop) => void>();

  /** Aborted by the first stop: for what waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(stop: Stop): void {
    this.first ??= stop;
    this.#controller.abort(stop.reason);
    for (const listener of this.#listeners) listener(stop);
  }

  /** Calls the function at each stop, and for one that was before. The returned function takes that back. */
  listen(listener: (stop: Stop) => void): () => void {
    this.#listeners.add(listener);
    if (this.first !== undefined) listener(this.first);
    return () => this.#listeners.delete(listener);
  }
}
