import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { MemcageError } from '../errors';
import type { OnExit, SpawnRequest } from './handle';

/** What Node's ChildProcess needs from its handle, and what a failed launch left in it. */
export interface SwapHandle {
  onexit: OnExit | undefined;
  readonly failure: { readonly error: unknown } | undefined;
  spawn(request: SpawnRequest): number;
}

/** The `process_wrap` handle as far as it is used here. Its `spawn` takes what Node's own call passes. */
interface StockHandle {
  onexit: OnExit;
  spawn(...args: unknown[]): number;
  close(): void;
  asyncReset(resource: object): void;
}

/** The private side of ChildProcess. */
interface Internals {
  _handle: unknown;
  spawn: (request: SpawnRequest) => unknown;
}

/** One `spawnWithHandle` under way. */
interface Call {
  readonly makeHandle: () => SwapHandle;
  handle: SwapHandle | undefined;
  /** Takes the shadows off that nobody called. */
  readonly unshadow: (() => void)[];
}

// Node copies the options object by spread, which takes symbols along, so the options tell our own ChildProcess from
// those that other subscribers of the channel may make meanwhile.
const kCall = Symbol('memcage.call');

// Taken at load: a later patch of child_process.spawn that leads to memcage must not lead us in a circle.
const nodeSpawn = childProcess.spawn;

// From libuv 1.52 on (pull request 4980), uv_spawn takes the handle off the loop's list when it fails before the fork, and
// uv_close takes it off again when its neighbours there may be gone: a heap corruption, seen on Node 24 and 26.
const CLOSABLE_AFTER_REFUSAL = isOlderThan(process.versions.uv, 1, 52);

const outsideOfCalls = AsyncLocalStorage.snapshot();

let subscribed = false;
let current: Call | undefined;

/**
 * `child_process.spawn(file, args, options)`, driving the handle that `makeHandle` returns. `makeHandle` is called after
 * Node has validated everything but `stdio`, `handle.spawn` after that as well. Throws what Node throws, or what
 * `handle.failure` holds.
 */
export function spawnWithHandle(
  file: string,
  args: readonly string[] | SpawnOptions | null | undefined,
  options: SpawnOptions | undefined,
  makeHandle: () => SwapHandle,
): ChildProcess {
  subscribeOnce();
  const call: Call = { makeHandle, handle: undefined, unshadow: [] };
  const outer = current;
  current = call;
  let child: ChildProcess;
  try {
    child = Reflect.apply(nodeSpawn, childProcess, [file, ...withCall(args, options, call)]) as ChildProcess;
  } catch (error) {
    throw call.handle?.failure === undefined ? error : call.handle.failure.error;
  } finally {
    current = outer;
    for (const unshadow of call.unshadow) unshadow();
  }
  if (call.handle === undefined) {
    child.on('error', () => {});
    child.kill('SIGKILL');
    throw new MemcageError(
      'ERR_MEMCAGE_UNSUPPORTED',
      'child_process.spawn did not use the process handle of memcage, so the child ran uncaged and was killed: another ' +
        'package has replaced it or ChildProcess.prototype.spawn, or this runtime has no diagnostics channel for it',
    );
  }
  return child;
}

function subscribeOnce(): void {
  if (subscribed) return;
  subscribed = true;
  diagnostics.subscribe('child_process', (message) => {
    // Published by the ChildProcess constructor. Must not throw: Node would go on and start the child uncaged.
    if (current !== undefined) shadowSpawn((message as { process: ChildProcess }).process, current);
  });
}

function withCall(args: unknown, options: unknown, call: Call): [unknown, unknown] {
  // As normalizeSpawnArguments tells the two forms apart; what it is going to refuse is handed on as it is.
  if (isOptions(args)) return [[], { ...args, [kCall]: call }];
  if (options === undefined || isOptions(options)) return [args, { ...options, [kCall]: call }];
  return [args, options];
}

function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Put a `spawn` on this one instance that takes itself off, swaps the handle if the call is ours, and goes on. */
function shadowSpawn(child: ChildProcess, call: Call): void {
  const previous = Object.getOwnPropertyDescriptor(child, 'spawn');
  const unshadow = (): void => {
    // Another subscriber may have wrapped ours; then it stays below that one and only passes on.
    if (Object.getOwnPropertyDescriptor(child, 'spawn')?.value !== shadow) return;
    if (previous === undefined) Reflect.deleteProperty(child, 'spawn');
    else Object.defineProperty(child, 'spawn', previous);
  };
  const shadow = function (this: ChildProcess, request: unknown): unknown {
    unshadow();
    const own = takeCall(request);
    // Where it doesn't, Node's own handle is the one that says so: it throws ERR_ACCESS_DENIED.
    if (own !== undefined && permissionModelAllows()) swapHandle(child, own, request as SpawnRequest);
    const holder: unknown =
      previous === undefined ? Object.getPrototypeOf(child) : { spawn: previous.value as unknown };
    return Reflect.apply((holder as Internals).spawn, this, [request as SpawnRequest]);
  };
  Object.defineProperty(child, 'spawn', { value: shadow, configurable: true, writable: true, enumerable: false });
  call.unshadow.push(unshadow);
}

function takeCall(request: unknown): Call | undefined {
  if (!isOptions(request)) return undefined;
  const carrier: { [kCall]?: Call } = request;
  const call = carrier[kCall];
  // From Node 24 on the options are published on child_process.spawn; nobody shall find, or reuse, the call there.
  delete carrier[kCall];
  return call?.handle === undefined ? call : undefined;
}

function permissionModelAllows(): boolean {
  const permission: { has(scope: string): boolean } | undefined = process.permission;
  return permission === undefined || permission.has('child');
}

function swapHandle(child: ChildProcess, call: Call, request: SpawnRequest): void {
  const internals = child as unknown as Internals;
  const stock = internals._handle as StockHandle;
  const handle = call.makeHandle();
  call.handle = handle;
  handle.onexit = stock.onexit;
  internals._handle = handle;
  // Node 20 and 22 pass the options, later ones eight arguments; so the options are those of the shadow.
  const { spawn } = handle;
  handle.spawn = (...args: unknown[]): number => {
    handle.spawn = spawn;
    try {
      return handle.spawn(request);
    } finally {
      // After it: meanwhile the child is being loaded.
      retire(stock, args);
    }
  };
}

/**
 * Get rid of the handle that is no longer used, which HandleWrap::Close ignores as it was never initialised. `args` are
 * those of Node's own call, whose form depends on its version.
 */
function retire(stock: StockHandle, args: readonly unknown[]): void {
  if (CLOSABLE_AFTER_REFUSAL) {
    // Only uv_spawn initialises it; an fd of -1 makes that fail before it starts anything.
    const refused = [{ type: 'fd', fd: -1 }];
    const file = '/dev/null';
    if (isOptions(args[0])) stock.spawn({ file, args: [file], envPairs: [], stdio: refused });
    else stock.spawn(file, [file], undefined, [], refused, 0, undefined, undefined);
    stock.close();
    return;
  }
  // What remains of it is about 600 bytes, 100 of them in the JavaScript heap; it must not keep the ChildProcess with its
  // streams, nor (asyncReset) the caller's AsyncLocalStorage stores.
  for (const key of Reflect.ownKeys(stock)) Reflect.set(stock, key, undefined);
  outsideOfCalls(() => stock.asyncReset(stock));
}

function isOlderThan(version: string | undefined, major: number, minor: number): boolean {
  const [itsMajor = Number.NaN, itsMinor = Number.NaN] = (version ?? '').split('.').map(Number);
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}
