import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ASK, ASKED, type PoolMessage, TRIM, TRIMMED } from './messages';

/** Does what the pool asks for. A listener to internal messages does not keep the process alive. */
export function servePool(tell: (message: object) => void): void {
  let questions: Questions | undefined;
  (process as NodeJS.EventEmitter).on('internalMessage', ({ cmd, more }: PoolMessage) => {
    if (cmd === ASK) {
      // With one question there is none that an answer could come too late for.
      if (more === true) questions ??= new Questions();
      beforeNextMessage(() => {
        questions?.begin();
        tell({ cmd: ASKED });
      });
    } else if (cmd === TRIM) {
      collectGarbage();
      tell({ cmd: TRIMMED });
    }
  });
}

/** The question may come in a later turn of the event loop than what announces it, and the module may send something first. */
function beforeNextMessage(act: () => void): void {
  // Node keeps messages for the first who listens, which must be the module.
  if (process.listenerCount('message') === 0) act();
  else process.prependOnceListener('message', act);
}

type Send = (message: unknown, handle: unknown, options: unknown, callback: unknown) => boolean;

/** Sends nothing that belongs to an earlier question: the pool would take it for the answer to the one that is open. */
class Questions {
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

type Collect = (options: object) => void;

/** The module never sees the function: it is in a context of its own, and the flag is taken back. */
function collectGarbage(): void {
  // Whoever gave Node the flag keeps it.
  const collect = (globalThis as { gc?: Collect }).gc ?? hiddenGc();
  // The only kind after which V8 gives pages back, from Node 22 on.
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function hiddenGc(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
