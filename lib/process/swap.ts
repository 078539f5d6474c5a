import type { ChildProcess } from 'node:child_process';
import { ErrorCode, MemcageError } from '../errors/errors';
import { defer } from '../event-loop/defer';
import { outsideOfCalls } from '../event-loop/outside-of-calls';
import { runtimeName } from '../machine/runtime';
import type { OnExit } from './handle';
import type { SpawnRequest } from './spawn-request';

/** What Node's ChildProcess needs from its handle, and what a failed launch left in it. */
export interface SwapHandle {
  onexit: OnExit | undefined;
  readonly failure: { readonly error: unknown } | undefined;
  spawn(request: SpawnRequest): number;
}

export type MakeHandle = () => SwapHandle;

/** The `process_wrap` handle as far as it is used here. Its `spawn` takes what Node's own call passes. */
interface StockHandle {
  onexit: OnExit;
  spawn(...args: unknown[]): number;
  close(): void;
  asyncReset(resource: object): void;
}

// From libuv 1.52 on (pull request 4980), uv_spawn takes the handle off the loop's list when it fails before the fork, and
// uv_close takes it off again when its neighbours there may be gone: a heap corruption, seen on Node 24 and 26.
const CLOSABLE_AFTER_REFUSAL = isOlderThan(process.versions.uv, 1, 52);

/**
 * Decide, when Node calls `ChildProcess.prototype.spawn` on this new instance, who drives the child: the handle that is
 * made by what `choose` returns, or, without, Node's own. Until that is decided Node's own handle is locked, so that a child
 * whose `spawn` went past us does not run at all.
 *
 * Called within a diagnostics channel, where an exception would not stop Node: it throws nothing.
 *
 * @returns takes off what was put on, if Node has not used it
 */
export function interpose(child: ChildProcess, choose: (request: unknown) => MakeHandle | undefined): () => void {
  const stock: unknown = Reflect.get(child, '_handle');
  const unlock = shadow(stock, () => refuse('another package has replaced ChildProcess.prototype.spawn'));
  const unshadow = shadow(child, (proceed, request) => {
    unshadow();
    const make = choose(request);
    // Where it forbids children, Node's own handle is the one that says so: it throws ERR_ACCESS_DENIED.
    if (make === undefined || !permissionModelAllows()) {
      unlock();
      return proceed();
    }
    if (!isStockHandle(stock) || Reflect.get(child, '_handle') !== stock) {
      refuse('its process handle is not what it was, or another package has replaced it');
    }
    const handle = make();
    swap(child, stock, handle, request as SpawnRequest, unlock);
    try {
      return proceed();
    } catch (error) {
      throw handle.failure === undefined ? error : handle.failure.error;
    }
  });
  return () => {
    unshadow();
    unlock();
  };
}

export function refuse(reason: string): never {
  throw new MemcageError(
    ErrorCode.UNSUPPORTED_NODE,
    `A child can't be put in its cage, and was not started or killed at once: ${reason} (${runtimeName()})`,
  );
}

/**
 * Put a `spawn` on this one object. The returned function takes it off; where someone has wrapped it meanwhile, it stays
 * below that and only passes on.
 */
function shadow(object: unknown, spawn: (proceed: () => unknown, argument: unknown) => unknown): () => void {
  if (typeof object !== 'object' || object === null) return () => {};
  const previous = Object.getOwnPropertyDescriptor(object, 'spawn');
  let isOn = true;
  const shadowing = function (this: unknown, ...args: unknown[]): unknown {
    const below: unknown =
      previous === undefined ? Reflect.get(Object.getPrototypeOf(object) as object, 'spawn') : previous.value;
    const proceed = (): unknown => Reflect.apply(below as () => unknown, this, args);
    return isOn ? spawn(proceed, args[0]) : proceed();
  };
  const property = { value: shadowing, configurable: true, writable: true, enumerable: false };
  // False for an object that can't be changed; whoever shadows the other of the two objects sees that.
  Reflect.defineProperty(object, 'spawn', property);
  return () => {
    isOn = false;
    if (Object.getOwnPropertyDescriptor(object, 'spawn')?.value !== shadowing) return;
    if (previous === undefined) Reflect.deleteProperty(object, 'spawn');
    else Object.defineProperty(object, 'spawn', previous);
  };
}

function isStockHandle(handle: unknown): handle is StockHandle {
  if (typeof handle !== 'object' || handle === null) return false;
  const { onexit, spawn, close, asyncReset } = handle as Partial<Record<keyof StockHandle, unknown>>;
  return [onexit, spawn, close, asyncReset].every((method) => typeof method === 'function');
}

export function permissionModelAllows(): boolean {
  const permission: { has(scope: string): boolean } | undefined = process.permission;
  return permission === undefined || permission.has('child');
}

function swap(
  child: ChildProcess,
  stock: StockHandle,
  handle: SwapHandle,
  request: SpawnRequest,
  unlock: () => void,
): void {
  handle.onexit = stock.onexit;
  Reflect.set(child, '_handle', handle);
  // Node 20 and 22 pass the options, later ones eight arguments; so the options are those of the shadow.
  const { spawn } = handle;
  handle.spawn = (...args: unknown[]): number => {
    handle.spawn = spawn;
    try {
      return handle.spawn(request);
    } finally {
      // After it: meanwhile the child is being loaded.
      retire(stock, args, unlock);
    }
  };
}

/**
 * Get rid of the handle that is no longer used, which HandleWrap::Close ignores as it was never initialised. `args` are
 * those of Node's own call, whose form depends on its version.
 */
function retire(stock: StockHandle, args: readonly unknown[], unlock: () => void): void {
  if (CLOSABLE_AFTER_REFUSAL) {
    defer(() => {
      unlock();
      closeAfterRefusal(stock, args);
    });
    return;
  }
  // What remains of it is about 400 bytes, 120 of them in the JavaScript heap; it must not keep the ChildProcess with its
  // streams, nor (asyncReset) the caller's AsyncLocalStorage stores. Unlocking it would be for nothing, and make a dictionary
  // of it, of 250 bytes more: that is what V8 does when a property is deleted.
  for (const key of Reflect.ownKeys(stock)) Reflect.set(stock, key, undefined);
  outsideOfCalls(() => stock.asyncReset(stock));
}

/** Only uv_spawn initialises it; an fd of -1 makes that fail before it starts anything. */
function closeAfterRefusal(stock: StockHandle, args: readonly unknown[]): void {
  const refused = [{ type: 'fd', fd: -1 }];
  const file = '/dev/null';
  try {
    if (typeof args[0] === 'object') stock.spawn({ file, args: [file], envPairs: [], stdio: refused });
    else stock.spawn(file, [file], undefined, [], refused, 0, undefined, undefined);
    stock.close();
  } catch {
    // Another package has changed its class since the child was started; that is not to be told to nobody in particular.
  }
}

function isOlderThan(version: string | undefined, major: number, minor: number): boolean {
  const [itsMajor = Number.NaN, itsMinor = Number.NaN] = (version ?? '').split('.').map(Number);
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}
