import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { constants } from 'node:os';
import type { OnExit } from './handle';
import { isOptions, type NodeCall, nodeCall } from './node-call';
import type { NodeFunction } from './node-functions';
import type { SpawnRequest } from './spawn-request';
import { interpose, type MakeHandle, permissionModelAllows, refuse, type SwapHandle } from './swap';

/** One {@link callWithHandle} in progress. */
interface Call {
  /** Tells our own ChildProcess from those that other subscribers of the channel may make meanwhile. */
  readonly env: object;
  readonly makeHandle: MakeHandle;
  child: ChildProcess | undefined;
  /** One for each ChildProcess that was made meanwhile. */
  readonly undo: (() => void)[];
}

let subscribed = false;
let current: Call | undefined;
let ambientHandle: () => MakeHandle | undefined = () => undefined;
const fitting = new Set<NodeFunction>();

/**
 * Carries out a call, with its child driven by the handle that `makeHandle` returns. Node calls `makeHandle` after it
 * has validated everything but `stdio`, and `handle.spawn` after that too. Throws what Node throws, or what
 * `handle.failure` holds. Changes the options: the caller must not use them again.
 */
export function callWithHandle(call: NodeCall, makeHandle: MakeHandle): { result: unknown; child: ChildProcess } {
  assertFits(call.name);
  return attempt(call, makeHandle);
}

/**
 * Whether Node, or a patch of it, made this call to carry out one of ours: `exec` calls `execFile`, which may have
 * been replaced by memcage's.
 */
export function isWithinOwnCall(call: NodeCall): boolean {
  return current !== undefined && isMarked(call.options, current);
}

/**
 * While `handle` returns something, that drives every new ChildProcess, whoever makes it, except those of {@link
 * callWithHandle}. `handle` must not throw.
 */
export function interceptChildren(handle: () => MakeHandle | undefined): void {
  assertFits('spawn');
  ambientHandle = handle;
}

function attempt(call: NodeCall, makeHandle: MakeHandle): { result: unknown; child: ChildProcess } {
  const { options } = call;
  const own: Call = { env: isOptions(options) ? mark(options) : {}, makeHandle, child: undefined, undo: [] };
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

function isMarked(options: unknown, call: Call): boolean {
  return isOptions(options) && (options as { env?: unknown }).env === call.env;
}

function subscribeOnce(): void {
  if (subscribed) return;
  subscribed = true;
  diagnostics.subscribe('child_process', (message) => {
    // The ChildProcess constructor publishes this. It must not throw: Node would go on and start the child uncaged.
    const call = current?.child === undefined ? current : undefined;
    const ambient = ambientHandle();
    if (call === undefined && ambient === undefined) return;
    const { process: child } = message as { process: ChildProcess };
    const undo = interpose(child, (request) => {
      // Node 24 and later publish the options. Whoever finds them there can't use the mark a second time.
      if (call === undefined || call.child !== undefined || !isMarked(request, call)) return ambient;
      return () => {
        call.child = child;
        return call.makeHandle();
      };
    });
    // A ChildProcess made inside contain() stays contained, even if it starts later.
    if (ambient === undefined) call?.undo.push(undo);
  });
}

/** Either the function was replaced since {@link assertFits}, or this is the trial. */
function endUncaged({ name }: NodeCall, result: unknown): never {
  const promise = name.endsWith('promise') ? (result as Promise<unknown> & { child: ChildProcess }) : undefined;
  promise?.catch(() => {});
  const child = promise === undefined ? (result as ChildProcess) : promise.child;
  child.on('error', () => {});
  // Node's handle of a child that could not be started has pid 0; kill(2) would take that for our own process group.
  if (child.pid !== undefined) child.kill('SIGKILL');
  refuse(`child_process.${name} did not use the process handle of memcage`);
}

// Not executable, should anyone ever try to run it.
const NO_PROGRAM = '/dev/null';

/**
 * Before the first use of a function of Node, tries with a program that can't run whether it lets us drive its child.
 * Nobody must find out with a program that can.
 */
function assertFits(name: NodeFunction): void {
  // Where children are forbidden, Node says so itself.
  if (fitting.has(name) || !permissionModelAllows()) return;
  subscribeOnce();
  const trial = new TrialHandle();
  try {
    attempt(nodeCall(name, [NO_PROGRAM, { execPath: NO_PROGRAM, shell: NO_PROGRAM }]), () => trial);
  } catch {
    // This is the trial's ECANCELED, or the reason why the trial was not reached.
  }
  if (!trial.fits) refuse(`child_process.${name} did not call memcage's process handle`);
  fitting.add(name);
}

class TrialHandle implements SwapHandle {
  onexit: OnExit | undefined;
  failure: undefined;
  fits = false;

  spawn({ file, args, envPairs, stdio }: SpawnRequest): number {
    for (const { handle } of stdio) handle?.close();
    this.fits =
      typeof this.onexit === 'function' && typeof file === 'string' && Array.isArray(args) && Array.isArray(envPairs);
    return -constants.errno.ECANCELED;
  }

  close(): void {}
}
