import { EventEmitter } from 'node:events';
import workerThreads from 'node:worker_threads';

type Class = abstract new (...args: never[]) => object;

/** Throws if no thread may start now. */
let assertAllowed: () => void = () => {};
let guard: { readonly guarded: Class; readonly guardian: Class } | undefined;
let fits = false;

/**
 * From now on the constructor of a worker thread calls `check` first, whoever holds it, and throws what that throws:
 * no thread exists then. Threads of Node's own, for the hooks of modules, start as ever.
 *
 * @returns false if this Node, or another package, does not let us
 */
export function interceptThreads(check: () => void): boolean {
  assertAllowed = check;
  guard ??= putGuard();
  if (guard === undefined || Object.getPrototypeOf(guard.guarded) !== guard.guardian) return false;
  fits ||= isFitting();
  return fits;
}

/**
 * Puts a class between Worker and EventEmitter: `super()` looks up at each call what the class extends. To replace
 * `Worker` in its module would miss those who took it from there before.
 */
function putGuard(): typeof guard {
  const guarded = belowEmitter(workerThreads.Worker);
  if (guarded === undefined) return undefined;
  class Guard extends EventEmitter {
    constructor(...args: ConstructorParameters<typeof EventEmitter>) {
      if (!isNodesOwn(new.target)) assertAllowed();
      super(...args);
    }
  }
  return Reflect.setPrototypeOf(guarded, Guard) ? { guarded, guardian: Guard } : undefined;
}

/** Worker itself, or the guard that another copy of memcage has put there. Whoever replaced Worker may have extended it. */
function belowEmitter(worker: unknown): Class | undefined {
  let each = worker;
  while (typeof each === 'function') {
    const above: unknown = Object.getPrototypeOf(each);
    if (above === EventEmitter) return each as Class;
    each = above;
  }
  return undefined;
}

/** Node starts a thread for the hooks of `module.register()`. A class of that name in a program has other code. */
function isNodesOwn(made: { readonly name: string }): boolean {
  return made.name === 'InternalWorker' && /\bkIsInternal\b/.test(Function.prototype.toString.call(made));
}

/** Tries with a thread that has nothing to do whether the constructor calls us. */
function isFitting(): boolean {
  const before = assertAllowed;
  const refusal = new Error('a probe');
  assertAllowed = () => {
    throw refusal;
  };
  try {
    void new workerThreads.Worker('', { eval: true }).terminate();
    return false;
  } catch (error) {
    return error === refusal;
  } finally {
    assertAllowed = before;
  }
}
