import { AsyncLocalStorage } from 'node:async_hooks';

type Send = (message: unknown, handle: unknown, options: unknown, callback: unknown) => boolean;

/** Sends nothing that belongs to an earlier question: the pool would take it for the answer to the one that is open. */
export class Questions {
  readonly #context = new AsyncLocalStorage<object>();
  #open: object | undefined;

  constructor() {
    // Below process.send, which the module may have taken before.
    const channel = process as unknown as { _send: Send };
    const { _send } = channel;
    channel._send = (message, handle, options, callback) => {
      if (!this.#isLate()) return Reflect.apply(_send, process, [message, handle, options, callback]);
      if (typeof callback === 'function') process.nextTick(callback as (error: null) => void, null);
      return true;
    };
  }

  /** What follows in this call, and whatever comes of it, belongs to a new question. */
  begin(): void {
    this.#open = {};
    this.#context.enterWith(this.#open);
  }

  /** What belongs to none may be an answer: of a connection, for example, that was opened before. */
  #isLate(): boolean {
    const question = this.#context.getStore();
    return question !== undefined && question !== this.#open;
  }
}
