import type { ChildProcess } from 'node:child_process';
import { type EventEmitter, errorMonitor } from 'node:events';
import type { Caged, Uncaged } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import { IS_NODE } from '../../common/machine/versions';
import type { Called } from '../../common/options/accepted-options';
import type { ProcessHandle } from '../../process/handle';
import { callWith, fits, isWithinOwnCall } from '../../process/intercept-children';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { isOptions, type NodeCall, nodeCall } from '../../process/node-call';
import type { NodeFunction } from '../../process/node-functions';
import { spawnOwn } from '../../process/own/spawn-own';
import type { OutcomeRecorder } from '../child/outcome-recorder';
import { splitOptions } from '../request/cage-options';
import { isPlain, requestOf, startsByNode, turnOf } from '../request/start-request';
import type { Turn } from '../request/turns';
import { followToItsEnd, launchByNode } from './launch-by-node';
import { createLaunch, handleWith } from './launch-child';
import { Start } from './start';

/** A child that was started. */
export interface Started {
  child: ChildProcess & (Caged<Cgroup | null> | Uncaged);
  /** Takes the reason for an early end. */
  recorder: OutcomeRecorder;
  /** What the function returns: the child, or a promise. */
  result: unknown;
  /** Sends SIGKILL to the child and to everything in its own part of the cage. Never throws. */
  killAll(): void;
}

/** A start that has yet to be made. */
interface PendingStart {
  /** The child's turn to start; undefined if it needs none. */
  turn: Turn | undefined;
  start(): Started;
}

/** What a call of Node's returns, and the child that it has started. */
interface Returned {
  result: unknown;
  child: ChildProcess;
}

/** Calls a function of child_process with these arguments; memcage's options are among Node's. */
export function callNode(name: NodeFunction, args: readonly unknown[], called: Called): unknown {
  const call = nodeCall(name, args);
  return isWithinOwnCall(call) ? call.invoke(call.options) : startCall(call, called).result;
}

export function startCall(given: NodeCall, called: Called): Started {
  return pendingStart(given, called).start();
}

/** @param isHidden whether no caller sees the child: then it need not be Node's ChildProcess */
export function pendingStart(given: NodeCall, called: Called, { isHidden = false } = {}): PendingStart {
  const { node, own } = splitOptions(given.options, called, given.file);
  const request = requestOf(own);
  const byNode = startsByNode(request);
  const turn = turnOf(request, { canWait: !byNode });
  // Now, since what it refuses must not wait for its turn first.
  const start = new Start(request, { turn, byNode });
  const call = { ...given, options: node };
  return { turn, start: () => startWith(call, start, isHidden) };
}

function startWith(call: NodeCall, start: Start, isHidden: boolean): Started {
  const { child, result } = start.attempt(() => (start.byNode ? byNode(call, start) : byAddon(call, start, isHidden)));
  Object.assign(child, { cage: start.cage, outcome: start.outcome() });
  start.born(child);
  // No function of this scope, which has the call: the job of a child keeps what is returned here as long as the child lives.
  const { recorder, killAll } = start;
  return { child: child as Started['child'], recorder, result, killAll };
}

function byAddon(given: NodeCall, start: Start, isHidden: boolean): Returned {
  const { namespaces, ipcHandles } = start.request;
  const call = { ...given, options: withKillSignal(given.options, defaultKillSignal(namespaces)) };
  const makeHandle = (): ProcessHandle => handleWith(createLaunch(start));
  const returned = needsOwnChild(call, isHidden)
    ? withResult(spawnOwn(call, makeHandle, { native: loadNative(), watcher: watcher() }))
    : callWith(call, { makeHandle, ipcHandles });
  observeErrors(returned.child, start);
  return returned;
}

/** Whether Node's ChildProcess is not to be had. */
function needsOwnChild({ name }: NodeCall, isHidden: boolean): boolean {
  return name === 'spawn' && (!IS_NODE || (isHidden && !fits('spawn')));
}

function withResult(child: ChildProcess): Returned {
  return { child, result: child };
}

/** Only observes: an 'error' that nobody handles must still be thrown. */
function observeErrors(child: ChildProcess, start: Start): void {
  (child as EventEmitter).on(errorMonitor, (error: Error) => {
    // If not even its pipes could be opened (EMFILE), nothing was launched that could have failed.
    if (child.pid === undefined) start.failed(error);
    else start.recorder.heard(error);
  });
}

/** Changes the object itself, which {@link callWith} may. */
function withKillSignal(options: unknown, killSignal: NodeJS.Signals | undefined): unknown {
  if (killSignal !== undefined && isOptions(options)) (options as { killSignal?: unknown }).killSignal ??= killSignal;
  return options;
}

/** Where the addon does not load. What only the addon can do must have been refused. */
function byNode(call: NodeCall, start: Start): Returned {
  const { ipcHandles } = start.request;
  if (!(isPlain(start.request) && ipcHandles)) return callWith(call, { around: launchByNode(start), ipcHandles });
  // Nothing of Node's is tried or replaced.
  const result = call.invoke(call.options);
  const isPromise = call.name.endsWith('promise');
  const child = isPromise ? (result as { child: ChildProcess }).child : (result as ChildProcess);
  followToItsEnd(child, start);
  return { child, result };
}
