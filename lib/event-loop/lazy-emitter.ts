import { EventEmitter } from 'node:events';

/** Nothing is taken for an event that nobody listens to: told when the first listener comes, and when the last has gone. */
export abstract class LazyEmitter<T extends Record<keyof T, unknown[]>> extends EventEmitter<T> {
  readonly #heard = new Set<keyof T>();

  /** @internal The first listener of an event is to be added; what is thrown here, `on()` throws. */
  protected abstract listeningBegins(name: keyof T): void;
  /** @internal The last one was removed. */
  protected abstract listeningEnds(name: keyof T): void;

  /** @internal Nothing is emitted any more; for who listens nevertheless it is asked anew whether that can be. */
  protected forgetListening(): void {
    this.#heard.clear();
  }

  #begin(name: keyof T): void {
    if (this.#heard.has(name)) return;
    this.listeningBegins(name);
    this.#heard.add(name);
  }

  #endUnheard(): void {
    for (const name of this.#heard) {
      if (this.listenerCount(name as never) > 0) continue;
      this.#heard.delete(name);
      this.listeningEnds(name);
    }
  }

  // Not by 'newListener' and 'removeListener': a removeAllListeners() would take those along. And not as methods: Node's
  // types of these are not to be spelt from outside. All the others call one of them.
  static {
    for (const method of ['on', 'addListener', 'prependListener'] as const) {
      const stock = EventEmitter.prototype[method] as (this: unknown, ...args: unknown[]) => unknown;
      define(LazyEmitter.prototype, method, function (this: LazyEmitter<object>, ...args) {
        this.#begin(args[0] as never);
        try {
          return stock.apply(this, args);
        } finally {
          // It was no function.
          this.#endUnheard();
        }
      });
    }
    for (const method of ['off', 'removeListener', 'removeAllListeners'] as const) {
      const stock = EventEmitter.prototype[method] as (this: unknown, ...args: unknown[]) => unknown;
      define(LazyEmitter.prototype, method, function (this: LazyEmitter<object>, ...args) {
        stock.apply(this, args);
        this.#endUnheard();
        return this;
      });
    }
  }
}

function define(
  prototype: object,
  name: string,
  value: (this: LazyEmitter<object>, ...args: unknown[]) => unknown,
): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}
