import type { ChildProcess } from 'node:child_process';
import { types } from 'node:util';
import type { ContainOptions } from '../../cage/contract/cage';
import { canLoad } from '../../common/addon/load-native';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, words } from '../../common/errors/words';
import type { ProcessHandle } from '../../process/handle';
import { interceptChildren } from '../../process/intercept-children';
import { type AroundStart, type Interceptor, refuse } from '../../process/swap-handle';
import { interceptSync, interceptsSync, type RunSync } from '../../process/sync-functions';
import { launchByNode } from '../launch/launch-by-node';
import { createLaunch, handleWith } from '../launch/launch-child';
import { runnerFor } from '../launch/launch-now';
import { Start } from '../launch/start';
import { NO_CAGE_OPTIONS } from '../request/cage-options';
import type { AnySharedCage } from '../request/context';
import { cageAround, refuseOtherCopy, runWithin } from '../request/context';
import { requestOf, type StartRequest, turnOf } from '../request/start-request';
import type { Turns } from '../request/turns';
import { containIterator } from './contained-iterator';
import { checkThreads, guardThreads } from './contained-threads';

/** What starts the children that are intercepted; undefined until one `contain()` was called. */
let intercepting: 'handle' | 'around' | undefined;

/**
 * Calls `fn`. Every child started in its async context, by whatever library, starts in the cage.
 *
 * @param turns what these children, each in a private cage within that one, get their turn from; undefined: they share the cage
 */
export function contain<T>(cage: AnySharedCage, fn: () => T, options: ContainOptions = {}, turns?: Turns): T {
  if (typeof fn !== 'function') throw noFunction(fn);
  const threads = checkThreads(options);
  cage.assertOpen();
  refuseOtherCopy();
  intercept();
  if (threads === 'refuse') guardThreads();
  const run = <R>(call: () => R): R => runWithin({ cage, threads, turns }, call);
  return containIterator(run(fn), run);
}

function noFunction(fn: unknown): TypeError {
  if (!types.isPromise(fn)) return invalidArgument('fn', 'a function', fn);
  const why = 'Expected a function for fn, not a promise: what made that has started outside of the cage';
  return contradiction('fn', words`${why}${CURE}contain(() => ...), with the call in it that made the promise`);
}

function intercept(): void {
  const kind = canLoad() ? 'handle' : 'around';
  if (intercepting === kind) {
    // Another package may have replaced the functions since.
    if (!interceptsSync()) refuseSync();
    return;
  }
  if (!interceptSync(() => (cageAround() === undefined ? undefined : runnerOf(requestOf(NO_CAGE_OPTIONS)))))
    refuseSync();
  interceptChildren(() => (cageAround() === undefined ? undefined : interceptorOf(requestOf(NO_CAGE_OPTIONS))), kind);
  intercepting = kind;
}

function refuseSync(): never {
  refuse('spawnSync, execSync and execFileSync could start children outside of the cage');
}

/**
 * The start of a child that knows nothing of memcage: nobody asks for its outcome but the budget whose job it is, and its OOM kills
 * are events of the cage.
 */
function startOf(request: StartRequest, { canWait }: { canWait: boolean }): Start {
  const byNode = intercepting === 'around';
  return new Start(request, { turn: turnOf(request, { canWait: canWait && !byNode }), byNode });
}

function interceptorOf(request: StartRequest): Interceptor {
  if (intercepting === 'around') return { around: aroundChild(request) };
  return { makeHandle: (child) => handleOf(child, request) };
}

/** Where Node starts it there is no gate, so it must have its turn now. */
function aroundChild(request: StartRequest): AroundStart {
  return (child, given, proceed) => {
    const start = startOf(request, { canWait: false });
    const result = start.attempt(() => launchByNode(start)(child, given, proceed));
    start.born(child);
    return result;
  };
}

function handleOf(child: ChildProcess, request: StartRequest): ProcessHandle {
  const start = startOf(request, { canWait: true });
  const launch = createLaunch(start);
  return handleWith((program, onEnd) => {
    const launched = start.attempt(() => launch(program, onEnd));
    start.born(child, 'errno' in launched ? undefined : launched.pid);
    return launched;
  });
}

/** While one of Node's synchronous functions waits, nothing gives room back. */
function runnerOf(request: StartRequest): RunSync {
  return (given, proceed) => {
    const start = startOf(request, { canWait: false });
    const result = start.attempt(() => runnerFor(start)(given, proceed));
    start.over();
    return result;
  };
}
