/**
 * Listens to each signal once, however many jobs wait with it: for more than ten listeners Node warns of a leak, and many jobs with
 * one signal are no leak.
 */
export class AbortListeners {
  readonly #waiting = new Map<AbortSignal, Set<() => void>>();

  add(signal: AbortSignal, listener: () => void): void {
    let all = this.#waiting.get(signal);
    if (all === undefined) {
      all = new Set();
      this.#waiting.set(signal, all);
      signal.addEventListener('abort', this.#abort);
    }
    all.add(listener);
  }

  /** You may call it for one that was not added. */
  delete(signal: AbortSignal, listener: () => void): void {
    const all = this.#waiting.get(signal);
    if (all?.delete(listener) !== true || all.size > 0) return;
    this.#waiting.delete(signal);
    signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = ({ target }: Event): void => {
    for (const listener of this.#waiting.get(target as AbortSignal) ?? []) listener();
  };
}
