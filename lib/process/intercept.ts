import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { constants } from 'node:os';
import type { OnExit } from './handle';
import { isOptions, type NodeCall, nodeCall } from './node-call';
import type { NodeFunction } from './node-functions';
import type { SpawnRequest } from './spawn-request';
import { interpose, type MakeHandle, permissionModelAllows, refuse, type SwapHandle } from './swap';

/** One {@link callWithHandle} under way. */
interface Call {
  /** Tells our own ChildProcess from those that other subscribers of the channel may make meanwhile. */
  readonly env: object;
  readonly makeHandle: MakeHandle;
  child: ChildProcess | undefined;
  /** For each ChildProcess that was made meanwhile. */
  readonly undo: (() => void)[];
}

let subscribed = false;
let current: Call | undefined;
let ambientHandle: () => MakeHandle | undefined = () => undefined;
const fitting = new Set<NodeFunction>();

/**
 * Carry out a call, its child driven by the handle that `makeHandle` returns. `makeHandle` is called after Node has
 * validated everything but `stdio`, `handle.spawn` after that as well. Throws what Node throws, or what `handle.failure`
 * holds. The options are given up by the caller: they are changed.
 */
export function callWithHandle(call: NodeCall, makeHandle: MakeHandle): { result: unknown; child: ChildProcess } {
  assertFits(call.name);
  return attempt(call, makeHandle);
}

/**
 * Whether this call was made by Node, or a patch of it, to carry out one of ours: `exec` calls `execFile`, which may have
 * been replaced by memcage's.
 */
export function isWithinOwnCall(call: NodeCall): boolean {
  return current !== undefined && isMarked(call.options, current);
}

/**
 * Let every child whose ChildProcess is made while `handle` returns something be driven by that, whoever makes it; except
 * for those of {@link callWithHandle}. `handle` must not throw.
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
 * Node's `execFile` hands on a few options by name, so that the mark has to be one of them: an environment that nobody else
 * has. Node takes in what that inherits; copying process.env would be the longest part of a call.
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
    // Published by the ChildProcess constructor. Must not throw: Node would go on and start the child uncaged.
    const call = current?.child === undefined ? current : undefined;
    const ambient = ambientHandle();
    if (call === undefined && ambient === undefined) return;
    const { process: child } = message as { process: ChildProcess };
    const undo = interpose(child, (request) => {
      // From Node 24 on the options are published: whoever found them there can't use the call again.
      if (call === undefined || call.child !== undefined || !isMarked(request, call)) return ambient;
      return () => {
        call.child = child;
        return call.makeHandle();
      };
    });
    // One that was made inside of contain() stays there, even when it starts later.
    if (ambient === undefined) call?.undo.push(undo);
  });
}

/** The function was replaced since {@link assertFits}, or this is the trial. */
function endUncaged({ name }: NodeCall, result: unknown): never {
  const promise = name.endsWith('promise') ? (result as Promise<unknown> & { child: ChildProcess }) : undefined;
  promise?.catch(() => {});
  const child = promise === undefined ? (result as ChildProcess) : promise.child;
  child.on('error', () => {});
  // The stock handle of a child that could not be started has pid 0, which to kill(2) is our own process group.
  if (child.pid !== undefined) child.kill('SIGKILL');
  refuse(`child_process.${name} did not use the process handle of memcage`);
}

// Not executable, should it ever be tried.
const NO_PROGRAM = '/dev/null';

/**
 * Before its first use, see with a program that can't run whether this Node's function lets us drive its child: nobody must
 * find out with one that can.
 */
function assertFits(name: NodeFunction): void {
  // Where children are forbidden it is Node that says so.
  if (fitting.has(name) || !permissionModelAllows()) return;
  subscribeOnce();
  const trial = new TrialHandle();
  try {
    attempt(nodeCall(name, [NO_PROGRAM, { execPath: NO_PROGRAM, shell: NO_PROGRAM }]), () => trial);
  } catch {
    // What it throws is the trial's ECANCELED, or why the trial was not reached.
  }
  if (!trial.fits) refuse(`child_process.${name} does not call memcage as it should`);
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
