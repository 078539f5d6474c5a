import type { ChildProcess } from 'node:child_process';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { LaunchPlan } from '../../process/launch';
import { type LimitedHeap, withNodeHeap } from '../../process/node-heap';
import { observe } from '../../process/observe';
import { type EarlyRequest, planOf, textOrEmpty } from '../../process/spawn-request';
import { type AroundStart, refuse } from '../../process/swap';
import type { RunSync } from '../../process/sync-functions';
import { endSeenByNode } from '../child/child-end';
import type { HeldChild } from '../child/held-child';
import type { LaunchRequest } from './launch-child';

/** For a child that Node itself starts, where the addon does not load: in no namespaces, and no cage of the kernel's. */
export interface NodeLaunchRequest
  extends Pick<LaunchRequest, 'nodeHeap' | 'makeCaged' | 'onCaged' | 'onFailed' | 'onEnded'> {
  /** It has ended. What it left running may still be there. */
  onExit?(): void;
  /** Node is about to emit this error of a child that runs. */
  onError?(error: Error): void;
}

/** What the child gets besides what its caller has given it. */
interface Home {
  caged: HeldChild | undefined;
  heap: LimitedHeap | undefined;
}

/** Puts a child that Node starts into its cage, as soon as its pid is known: before anything else runs here. */
export function launchByNode(request: NodeLaunchRequest): AroundStart {
  return (child, given, proceed) => {
    if (!isValid(given)) return refusedByNode(child, proceed);
    const { caged, heap } = prepare(request, given);
    let result: unknown;
    try {
      result = proceed();
      if (child.pid !== undefined) caged?.started(child.pid, () => void child.kill('SIGKILL'));
    } catch (error) {
      // A handle without a process has pid 0, which kill(2) would take for our own process group.
      if (child.pid !== undefined) child.kill('SIGKILL');
      request.onFailed(error as Error, caged?.abandon());
      throw error;
    }
    followToItsEnd(child, request, { caged, heap });
    return result;
  };
}

/** Whether Node's own checks of what is read here will find nothing. */
function isValid(given: unknown): given is EarlyRequest {
  if (typeof given !== 'object' || given === null) return false;
  const { file, args = [] } = given as Partial<Record<keyof EarlyRequest, unknown>>;
  return typeof file === 'string' && Array.isArray(args);
}

function refusedByNode(child: ChildProcess, proceed: () => unknown): unknown {
  const result = proceed();
  if (child.pid === undefined) return result;
  child.kill('SIGKILL');
  return refuse('Node started a child for a request that it should have refused');
}

/** For a child that Node has started, or not. */
export function followToItsEnd(
  child: ChildProcess,
  request: NodeLaunchRequest,
  { caged, heap }: Partial<Home> = {},
): void {
  const report = child.pid === undefined ? caged?.abandon() : undefined;
  observe(child, {
    onEnd: (exitCode, signal) => {
      if (child.pid === undefined) return;
      request.onExit?.();
      const end = endSeenByNode(exitCode, signal, nowNs(), heap);
      if (caged === undefined) request.onEnded(end, undefined);
      else caged.ended(signal, undefined, (last) => request.onEnded(end, last));
    },
    onError: (error) => {
      if (child.pid === undefined) request.onFailed(error, report);
      else request.onError?.(error);
    },
  });
}

/** Like {@link launchByNode}, for Node's synchronous functions. They tell the pid at the end: the child's environment leads to it. */
export function launchSyncByNode(request: NodeLaunchRequest): RunSync {
  return (given, proceed) => {
    const { caged, heap } = prepare(request, given);
    let held = caged;
    try {
      held?.started(undefined, () => {});
      const result = proceed();
      const { pid, status, signal } = result;
      if (pid === 0) return result;
      held = undefined;
      const end = endSeenByNode(status, signal as NodeJS.Signals | null, nowNs(), heap);
      request.onEnded(end, caged?.endedNow(end.signal));
      return result;
    } finally {
      held?.abandon();
    }
  };
}

/** Changes the environment of the request. */
function prepare(request: NodeLaunchRequest, given: EarlyRequest): Home {
  let caged: HeldChild | undefined;
  try {
    const plan: LaunchPlan = { ...planOf(given, textOrEmpty), stdio: [] };
    caged = request.makeCaged(plan);
    if (caged?.home !== undefined) throw joinsTooLate();
    request.onCaged(caged);
    const ceiling = { bytes: caged?.ceilingBytes, isHidden: caged?.seesLimit === false };
    const { env, limitBytes } = withNodeHeap(plan, request.nodeHeap, ceiling);
    given.envPairs = caged?.environment(env) ?? env;
    return { caged, heap: limitBytes === undefined ? undefined : { limitBytes, isPidOne: false } };
  } catch (error) {
    request.onFailed(error as Error, caged?.abandon());
    throw error;
  }
}

/** The addon has been repaired since the call began: nobody here would put the child into the cgroup. */
function joinsTooLate(): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    'The addon of memcage loads only since this call began: call once more',
  );
}

/** On a clock of this process, since the kernel's is the addon's to read. */
export function nowNs(): number {
  return performance.now() * 1e6;
}
