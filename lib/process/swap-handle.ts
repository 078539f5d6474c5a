import type { ChildProcess } from 'node:child_process';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { CURE, words } from '../common/errors/words';
import { defer, outsideOfCalls } from '../common/event-loop/timers';
import { isOlderThan, runtimeName } from '../common/machine/versions';
import { type ChannelPipes, channelPipes, guardChannel } from './channel';
import type { OnExit } from './handle';
import type { EarlyRequest, NodeSpawnOptions } from './launch-contract';

/** What Node's ChildProcess needs from its handle, and the error that a failed launch left in it. */
export interface SwapHandle {
  onexit: OnExit | undefined;
  readonly failure: { readonly error: unknown } | undefined;
  /** What Node's own error for a refused launch leaves out. */
  readonly cause?: Error | undefined;
  spawn(request: NodeSpawnOptions): number;
}

/** @param child whose handle it is */
export type MakeHandle = (child: ChildProcess) => SwapHandle;

/**
 * Calls `proceed`, with which Node's own handle starts the child, or throws. It may change what the request has for
 * the child; `child.pid` says afterwards whether it was started.
 */
export type AroundStart = (child: ChildProcess, request: EarlyRequest, proceed: () => unknown) => unknown;

/** What starts a child: a handle in place of Node's, or Node's own, with something around that. */
export type Interceptor = ({ readonly makeHandle: MakeHandle } | { readonly around: AroundStart }) & {
  /** Whether its channel carries handles. Default: true, as Node's. */
  readonly ipcHandles?: boolean;
};

/** The members of the `process_wrap` handle that memcage uses. Its `spawn` takes what Node's own call passes. */
interface StockHandle {
  onexit: OnExit;
  spawn(...args: unknown[]): number;
  close(): void;
  asyncReset(resource: object): void;
}

// Since libuv 1.52 (pull request 4980), uv_spawn takes the handle off the loop's list if it fails before the fork.
// uv_close takes it off again, when its neighbours there may be gone: a heap corruption, seen on Node 24 and 26.
const CLOSABLE_AFTER_REFUSAL = isOlderThan([1, 52], process.versions.uv ?? '');

/**
 * Decides, when Node calls `ChildProcess.prototype.spawn` on this new instance, what starts the child: the result of
 * `choose`, or Node alone if there is none. Until then Node's own handle is locked, so that a child whose `spawn`
 * bypasses us does not run at all.
 *
 * Called within a diagnostics channel, where an exception would not stop Node, so it never throws.
 *
 * @returns a function that undoes this, if Node has not used it
 */
export function interpose(child: ChildProcess, choose: (request: unknown) => Interceptor | undefined): () => void {
  const stock: unknown = Reflect.get(child, '_handle');
  const unlock = shadow(stock, () => refuse('another package has replaced ChildProcess.prototype.spawn'));
  const unshadow = shadow(child, (proceed, request) => {
    unshadow();
    const starter = choose(request);
    // Where the permission model forbids children, Node's own handle says so: it throws ERR_ACCESS_DENIED.
    if (starter === undefined || !permissionModelAllows()) {
      unlock();
      return proceed();
    }
    if ('around' in starter) {
      unlock();
      try {
        const start = () => guarded({ child, handle: stock, request: request as NodeSpawnOptions, starter, proceed });
        return starter.around(child, request as EarlyRequest, start);
      } finally {
        // Node lets its caller try again on the same instance.
        if (child.pid === undefined) interpose(child, choose);
        else shadow(stock, () => refuse('this ChildProcess has started a child before'));
      }
    }
    if (!isStockHandle(stock) || Reflect.get(child, '_handle') !== stock) {
      refuse("Node's process handle has an unexpected form, or another package replaced it");
    }
    const handle = starter.makeHandle(child);
    swap(child, stock, handle, request as NodeSpawnOptions, unlock);
    try {
      return guarded({ child, handle, request: request as NodeSpawnOptions, starter, proceed });
    } catch (error) {
      throw handle.failure === undefined ? withCause(error, handle.cause) : handle.failure.error;
    }
  });
  return () => {
    unshadow();
    unlock();
  };
}

export function refuse(reason: string, cure?: string): never {
  throw new MemcageError(
    ErrorCode.UNSUPPORTED_NODE,
    words`memcage could not put a child into its cage. It was not started, or was killed at once: ${reason} (${runtimeName()})${cure === undefined ? '' : words`${CURE}${cure}`}`,
  );
}

/**
 * Puts a `spawn` on this one object. The returned function takes it off. If someone has wrapped it meanwhile, it
 * stays below the wrapper and only forwards.
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
  // False for an object that can't be changed. Whoever shadows the other of the two objects notices that.
  Reflect.defineProperty(object, 'spawn', property);
  return () => {
    isOn = false;
    if (Object.getOwnPropertyDescriptor(object, 'spawn')?.value !== shadowing) return;
    if (previous === undefined) Reflect.deleteProperty(object, 'spawn');
    else Object.defineProperty(object, 'spawn', previous);
  };
}

interface GuardedStart {
  child: ChildProcess;
  /** What Node starts it with. */
  handle: unknown;
  request: NodeSpawnOptions;
  starter: Interceptor;
  proceed: () => unknown;
}

/** Starts the child, and guards its channel. */
function guarded({ child, handle, request, starter: { ipcHandles = true }, proceed }: GuardedStart): unknown {
  let pipes: ChannelPipes | undefined;
  let isReached = false;
  // Node has its pipes by then, and has not opened them.
  const unshadow = shadow(handle, (spawn) => {
    isReached = true;
    pipes = channelPipes(request.stdio, ipcHandles);
    return spawn();
  });
  let result: unknown;
  try {
    result = proceed();
  } finally {
    unshadow();
  }
  if (pipes !== undefined) guardChannel(child, pipes, request.serialization);
  else if (!(isReached || ipcHandles || child.pid === undefined)) refuse('its channel would carry handles');
  return result;
}

/** Node makes an error of its own of an errno, and emits that: `change` returns what is emitted instead. */
function emitInstead(child: ChildProcess, change: (error: unknown) => unknown, call: () => void): void {
  const previous = Object.getOwnPropertyDescriptor(child, 'emit');
  const { emit } = child;
  const value = (name: string, ...args: unknown[]): unknown =>
    Reflect.apply(emit, child, name === 'error' ? [name, change(args[0])] : [name, ...args]);
  Object.defineProperty(child, 'emit', { value, configurable: true, writable: true, enumerable: false });
  try {
    call();
  } finally {
    if (previous === undefined) Reflect.deleteProperty(child, 'emit');
    else Object.defineProperty(child, 'emit', previous);
  }
}

/** Sets a `cause` that is not enumerable, as the Error constructor does. */
function withCause(error: unknown, cause: Error | undefined): unknown {
  if (cause === undefined || !(error instanceof Error)) return error;
  return Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true, enumerable: false });
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
  request: NodeSpawnOptions,
  unlock: () => void,
): void {
  handle.onexit = exitOf(child, stock.onexit, handle);
  Reflect.set(child, '_handle', handle);
  // Node 20 and 22 pass the options, later versions eight arguments. So use the options that the shadow saw.
  const { spawn } = handle;
  // Not assigned as a literal: V8 puts such functions into old space at once, where all that they refer to outlives each minor GC.
  const spawnOnce = (...args: unknown[]): number => {
    handle.spawn = spawn;
    try {
      return handle.spawn(request);
    } finally {
      // After the spawn, while the child is loading.
      retire(stock, args, unlock);
    }
  };
  handle.spawn = spawnOnce;
}

/** Lives as long as the child does, so it must not be where the request is: that has the whole environment. */
function exitOf(child: ChildProcess, onexit: OnExit, handle: SwapHandle): OnExit {
  return (...args) => {
    const tellNode = (): void => Reflect.apply(onexit, handle, args);
    const { failure, cause } = handle;
    if (failure === undefined && cause === undefined) tellNode();
    else emitInstead(child, (error) => (failure === undefined ? withCause(error, cause) : failure.error), tellNode);
  };
}

/**
 * Gets rid of the handle that is no longer used. HandleWrap::Close ignores it, as it was never initialised. `args`
 * are those of Node's own call; their form depends on its version.
 */
function retire(stock: StockHandle, args: readonly unknown[], unlock: () => void): void {
  if (CLOSABLE_AFTER_REFUSAL) {
    defer(() => {
      unlock();
      closeAfterRefusal(stock, args);
    });
    return;
  }
  // About 400 bytes of it remain, 120 of them in the JavaScript heap. It must not keep the ChildProcess and its
  // streams alive, nor (asyncReset) the caller's AsyncLocalStorage stores. Unlocking it would gain nothing and cost
  // 250 bytes: V8 turns an object into a dictionary when a property is deleted.
  for (const key of Reflect.ownKeys(stock)) Reflect.set(stock, key, undefined);
  outsideOfCalls(() => stock.asyncReset(stock));
}

/** Only uv_spawn initialises the handle. An fd of -1 makes it fail before it starts anything. */
function closeAfterRefusal(stock: StockHandle, args: readonly unknown[]): void {
  const refused = [{ type: 'fd', fd: -1 }];
  const file = '/dev/null';
  try {
    if (typeof args[0] === 'object') stock.spawn({ file, args: [file], envPairs: [], stdio: refused });
    else stock.spawn(file, [file], undefined, [], refused, 0, undefined, undefined);
    stock.close();
  } catch {
    // Another package has changed its class since the child was started. There is nobody to report that to.
  }
}
