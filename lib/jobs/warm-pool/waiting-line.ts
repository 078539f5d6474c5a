import { AbortError } from '../../common/errors/errors';

/** Calls that wait for something, in their order. */
export class WaitingLine<T> {
  readonly #waiters: Waiter<T>[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  /** Waits for something that suits; rejects with an AbortError after an abort. */
  wait(suits: (offered: T) => boolean, signal: AbortSignal | undefined, onAbort: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new AbortError(signal?.reason));
        onAbort();
      };
      const settled = (): void => signal?.removeEventListener('abort', abort);
      const waiter: Waiter<T> = {
        suits,
        resolve: (given) => {
          settled();
          resolve(given);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      // First, since it throws if that is no real signal.
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Whether somebody waits, and the first of them can't use it. */
  isUselessToFirst(offered: T): boolean {
    const [first] = this.#waiters;
    return first !== undefined && !first.suits(offered);
  }

  /** Whether the first who waits for such a thing could be given it. `prepare` is called before. */
  give(offered: T, prepare: () => void): boolean {
    const at = this.#waiters.findIndex(({ suits }) => suits(offered));
    const [waiter] = at < 0 ? [] : this.#waiters.splice(at, 1);
    if (waiter === undefined) return false;
    prepare();
    waiter.resolve(offered);
    return true;
  }

  /** Rejects the first who waits; false if nobody does. */
  refuseFirst(error: Error): boolean {
    const waiter = this.#waiters.shift();
    waiter?.reject(error);
    return waiter !== undefined;
  }
}

interface Waiter<T> {
  suits(offered: T): boolean;
  resolve(given: T): void;
  reject(error: Error): void;
}
