import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { constants } from 'node:os';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { IS_NODE } from '../common/machine/versions';
import { isSpawnRequest, type NodeSpawnOptions } from './launch-contract';
import { isOptions, type NodeCall, nodeCall } from './node-call';
import type { NodeFunction } from './node-functions';
import {
  type AroundStart,
  type Interceptor,
  interpose,
  permissionModelAllows,
  refuse,
  type SwapHandle,
} from './swap-handle';

/** One {@link callWith} in progress. */
interface OwnCall {
  /** Tells our own ChildProcess from those that other subscribers of the channel may make meanwhile. */
  readonly env: object;
  readonly starter: Interceptor;
  child: ChildProcess | undefined;
  /** One for each ChildProcess that was made meanwhile. */
  readonly undo: (() => void)[];
}

type Interception = 'handle' | 'around';

let subscribed = false;
let current: OwnCall | undefined;
let ambientInterceptor: () => Interceptor | undefined = () => undefined;
/** What has passed its probe. */
const fitting = new Set<string>();

/**
 * Carries out a call, with its child started by `starter`. Node calls that after it has validated everything but `stdio`; the
 * `spawn` of a handle after that too. Throws what Node throws, what `handle.failure` holds, or what `around` throws. Changes the
 * options: the caller must not use them again.
 */
export function callWith(call: NodeCall, starter: Interceptor): { result: unknown; child: ChildProcess } {
  assertFits(call.name, 'around' in starter ? 'around' : 'handle');
  return attempt(call, starter);
}

/** Whether Node's own function lets memcage start its child. */
export function fits(name: NodeFunction): boolean {
  try {
    assertFits(name, 'handle');
    return true;
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.UNSUPPORTED_NODE) return false;
    throw error;
  }
}

/**
 * Whether Node, or a patch of it, made this call to carry out one of ours: `exec` calls `execFile`, which may have
 * been replaced by memcage's.
 */
export function isWithinOwnCall(call: NodeCall): boolean {
  return current !== undefined && isMarked(call.options, current);
}

/**
 * While `choose` returns something, that starts every new ChildProcess, whoever makes it, except those of the calls
 * above. `choose` must not throw.
 *
 * @param kind what `choose` returns
 */
export function interceptChildren(choose: () => Interceptor | undefined, kind: Interception): void {
  assertFits('spawn', kind);
  ambientInterceptor = choose;
}

function attempt(call: NodeCall, starter: Interceptor): { result: unknown; child: ChildProcess } {
  const { options } = call;
  const own: OwnCall = { env: isOptions(options) ? mark(options) : {}, starter, child: undefined, undo: [] };
  const outer = current;
  current = own;
  let result: unknown;
  try {
    result = call.invoke(options);
  } finally {
    current = outer;
    for (const undo of own.undo) undo();
  }
  if (own.child === undefined) return endUncaged(call, result);
  return { result, child: own.child };
}

/**
 * Node's `execFile` forwards only some options, so a unique `env` marks the call. It inherits from the caller's
 * environment, which Node takes into account; copying process.env would be the longest part of a call.
 */
function mark(options: { env?: unknown }): object {
  const { env } = options;
  const marked: object = env
    ? { __proto__: Object.getPrototypeOf(env) as object, ...env }
    : (Object.create(process.env) as object);
  options.env = marked;
  return marked;
}

function isMarked(options: unknown, call: OwnCall): boolean {
  return isOptions(options) && (options as { env?: unknown }).env === call.env;
}

function subscribeOnce(): void {
  if (subscribed) return;
  subscribed = true;
  diagnostics.subscribe('child_process', (message) => {
    // The ChildProcess constructor publishes this. It must not throw: Node would go on and start the child uncaged.
    const call = current?.child === undefined ? current : undefined;
    const ambient = ambientInterceptor();
    if (call === undefined && ambient === undefined) return;
    const { process: child } = message as { process: ChildProcess };
    const undo = interpose(child, (request) => {
      // Node 24 and later publish the options. Whoever finds them there can't use the mark a second time.
      if (call === undefined || call.child !== undefined || !isMarked(request, call)) return ambient;
      call.child = child;
      return call.starter;
    });
    // A ChildProcess made inside contain() stays contained, even if it starts later.
    if (ambient === undefined) call?.undo.push(undo);
  });
}

/** Ends a child that nobody intercepted: the function was replaced since {@link assertFits}, or this is the probe. */
function endUncaged({ name }: NodeCall, result: unknown): never {
  const promise = name.endsWith('promise') ? (result as Promise<unknown> & { child: ChildProcess }) : undefined;
  promise?.catch(() => {});
  const child = promise === undefined ? (result as ChildProcess) : promise.child;
  child.on('error', () => {});
  // Node's handle of a child that could not be started has pid 0; kill(2) would take that for our own process group.
  if (child.pid !== undefined) child.kill('SIGKILL');
  refuse(`child_process.${name} did not use the process handle of memcage`);
}

// A file that is not executable, should anyone ever try to run it.
const NO_PROGRAM = '/dev/null';

/**
 * Before the first use of a function of Node, tries with a program that can't run whether it lets us start its child.
 * Nobody must find out with a program that can.
 */
function assertFits(name: NodeFunction, kind: Interception): void {
  if (!IS_NODE) refuse(`child_process.${name} is not Node's here`, 'use run(), spawn() or createLauncher()');
  const tried = `${name} ${kind}`;
  // Where children are forbidden, Node says so itself.
  if (fitting.has(tried) || !permissionModelAllows()) return;
  subscribeOnce();
  const { starter, fits } = probeOf(kind);
  try {
    attempt(nodeCall(name, [NO_PROGRAM, { execPath: NO_PROGRAM, shell: NO_PROGRAM }]), starter);
  } catch {
    // This is the probe's ECANCELED, or the reason why the probe was not reached.
  }
  if (!fits()) refuse(`child_process.${name} did not let memcage start its child`);
  fitting.add(tried);
}

/** A starter that starts nothing, and finds out whether Node's call of it has the form that memcage can work with. */
function probeOf(kind: Interception): { starter: Interceptor; fits(): boolean } {
  let fits = false;
  const around: AroundStart = (_child, request) => {
    fits = isSpawnRequest(request);
    throw new Error('ECANCELED');
  };
  const handle: SwapHandle & { close(): void } = {
    onexit: undefined,
    failure: undefined,
    spawn(request: NodeSpawnOptions): number {
      for (const { handle: pipe } of request.stdio) pipe?.close();
      fits = typeof handle.onexit === 'function' && isSpawnRequest(request);
      return -constants.errno.ECANCELED;
    },
    close(): void {},
  };
  return { starter: kind === 'around' ? { around } : { makeHandle: () => handle }, fits: () => fits };
}
