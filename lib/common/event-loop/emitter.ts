import { EventEmitter } from 'node:events';
import { unknownEvent } from '../errors/argument-errors';
import { likelyMeant } from '../errors/likely-meant';

/**
 * Emits an event in the middle of work that must go on. An exception in a listener becomes an uncaught one, as it
 * would in any callback.
 */
export function emitApart(emitter: EventEmitter, name: string, ...args: unknown[]): void {
  try {
    emitter.emit(name, ...args);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

type Arguments<E> = { [K in keyof E]: unknown[] };

/** An EventEmitter of these events, and of no others: that of @types/node takes any name. */
export interface Emitter<E extends Arguments<E>> extends EventEmitter {
  /** As Node's. */
  on<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  once<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  off<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  addListener<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  removeListener<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  prependListener<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
  /** As Node's. */
  prependOnceListener<K extends keyof E & string>(event: K, listener: (...args: E[K]) => void): this;
}

/** What Node adds to any emitter: events.once() listens to 'error'. */
const OF_NODE = ['error', 'newListener', 'removeListener'];

/**
 * An EventEmitter that uses resources only for events with listeners: it learns when an event gets its first
 * listener, and when it loses the last. For an event that it does not know `on()` throws: nobody would ever call the listener.
 */
export abstract class LazyEmitter<T extends Record<keyof T, unknown[]>> extends EventEmitter<T> {
  readonly #heard = new Set<keyof T>();
  readonly #known: readonly string[];

  /** @internal @param known the names of its events */
  constructor(known: readonly string[]) {
    super();
    this.#known = known;
  }

  /** @internal The first listener of an event is about to be added. `on()` throws what this throws. */
  protected listeningBegins(_name: keyof T): void {}
  /** @internal The last listener of an event was removed. */
  protected listeningEnds(_name: keyof T): void {}

  /** @internal A listener of an event was added: what `once()` adds is its wrapper. */
  protected listenerAdded(_name: keyof T, _listener: () => void): void {}

  /** @internal Nothing is emitted any more. The next listener of an event counts as its first again. */
  protected forgetListening(): void {
    this.#heard.clear();
  }

  #begin(name: keyof T): void {
    if (this.#heard.has(name)) return;
    if (typeof name !== 'string' || OF_NODE.includes(name)) return;
    if (!this.#known.includes(name)) throw unknownEvent(name, this.#known, likelyMeant(name, this.#known));
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

  // 'newListener' and 'removeListener' would not do: removeAllListeners() removes their listeners too. Nor would
  // overriding methods: their types can't be written outside of Node's typings. All other methods call one of these.
  static {
    for (const method of ['on', 'addListener', 'prependListener'] as const) {
      const stock = EventEmitter.prototype[method] as (this: unknown, ...args: unknown[]) => unknown;
      define(LazyEmitter.prototype, method, function (this: LazyEmitter<object>, ...args) {
        this.#begin(args[0] as never);
        try {
          stock.apply(this, args);
          this.listenerAdded(args[0] as never, args[1] as () => void);
          return this;
        } finally {
          // The listener was not a function.
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
