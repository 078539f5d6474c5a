// Loaded by --require before everything else in a child of a warm pool. It tells the pool when Node has loaded the module,
// and leaves nothing behind that the module could see: it must not change what Node does.
import Module from 'node:module';
import { inspect } from 'node:util';
import { promiseHooks } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { LOAD_FAILED, READY } from './messages';
import { servePool } from './serve-pool';

/** For how long a module that listens to no message must stay alive to count as one that waits. */
const PROVE_MS = 20;

type RunMain = (...args: unknown[]) => unknown;

hideFromArguments();
delete require.cache[__filename];
// Workers of the module load this too.
if (isMainThread && process.send !== undefined) reportOn(process.send as (message: object) => unknown);

/** The pool has put this before the caller's own arguments. */
function hideFromArguments(): void {
  const { execArgv } = process;
  const at = execArgv.indexOf('--require');
  if (at === 0 || at === 1) execArgv.splice(0, at + 2);
}

function reportOn(send: (this: NodeJS.Process, message: object) => unknown): void {
  const tell = (message: object): void => {
    if (process.connected) send.call(process, message);
  };
  const onError = (error: unknown): void => tell({ cmd: LOAD_FAILED, text: inspect(error) });
  process.on('uncaughtExceptionMonitor', onError);
  whenMainIsLoaded(() => {
    process.off('uncaughtExceptionMonitor', onError);
    servePool(tell);
    tell({ cmd: READY });
  });
}

/**
 * Node calls Module.runMain for the main module, which --require may replace. A CommonJS module is loaded when that
 * returns. For an ES module, Node keeps the promise of its loading to itself: it is the first promise that runMain makes,
 * since no code of the module runs before. It resolves after the last top-level await.
 */
function whenMainIsLoaded(then: () => void): void {
  const holder = Module as unknown as { runMain: RunMain };
  const { runMain } = holder;
  holder.runMain = function (this: unknown, ...args: unknown[]): unknown {
    holder.runMain = runMain;
    let first: Promise<unknown> | undefined;
    const stop = promiseHooks.onInit((promise) => {
      first ??= promise;
    }) as () => void;
    let result: unknown;
    try {
      result = Reflect.apply(runMain, this, args);
    } finally {
      stop();
    }
    if (isCommonJs() || first === undefined) soon(then);
    else void first.then(() => soon(then));
    return result;
  };
}

/** In a turn of its own: an exception or a rejection that ends the process has done so by then. */
function soon(then: () => void): void {
  setImmediate(() => {
    if (process.listenerCount('message') > 0) then();
    else setTimeout(then, PROVE_MS).unref();
  });
}

function isCommonJs(): boolean {
  return process.mainModule?.loaded === true;
}
