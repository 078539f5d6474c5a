import type { ChildProcess } from 'node:child_process';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { type EarlyRequest, type Program, programOf, textOrEmpty } from '../../process/launch-contract';
import { type LimitedHeap, withNodeHeap } from '../../process/node-heap';
import { observe } from '../../process/observe-child';
import { type AroundStart, refuse } from '../../process/swap-handle';
import type { RunSync } from '../../process/sync-functions';
import type { HeldChild } from '../child/held-child';
import { endSeenByNode } from '../child/outcome-recorder';
import type { Start } from './start';

/** What the child gets besides what its caller has given it. */
interface Prepared {
  held: HeldChild | undefined;
  heap: LimitedHeap | undefined;
}

/**
 * For a child that Node itself starts, where the addon does not load: in no namespaces, and no cage of the kernel's. Puts it into its
 * cage as soon as its pid is known: before anything else runs here.
 */
export function launchByNode(start: Start): AroundStart {
  return (child, given, proceed) => {
    if (!isValid(given)) return refusedByNode(child, proceed);
    const { held, heap } = prepare(start, given);
    let result: unknown;
    try {
      result = proceed();
      if (child.pid !== undefined) held?.started(child.pid, () => void child.kill('SIGKILL'));
    } catch (error) {
      // A handle without a process has pid 0, which kill(2) would take for our own process group.
      if (child.pid !== undefined) child.kill('SIGKILL');
      start.failed(error as Error, held?.abandon());
      throw error;
    }
    followToItsEnd(child, start, { held, heap });
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
export function followToItsEnd(child: ChildProcess, start: Start, { held, heap }: Partial<Prepared> = {}): void {
  const report = child.pid === undefined ? held?.abandon() : undefined;
  observe(child, {
    onEnd: (exitCode, signal) => {
      if (child.pid === undefined) return;
      start.exited();
      const end = endSeenByNode(exitCode, signal, start.nowNs(), heap);
      if (held === undefined) start.ended(end, undefined);
      else held.ended(signal, undefined, (last) => start.ended(end, last));
    },
    onError: (error) => {
      if (child.pid === undefined) start.failed(error, report);
      else start.recorder.heard(error);
    },
  });
}

/** {@link launchByNode} for Node's synchronous functions. They tell the pid at the end: until then the child's environment leads to it. */
export function launchSyncByNode(start: Start): RunSync {
  return (given, proceed) => {
    const { held, heap } = prepare(start, given);
    let left = held;
    try {
      held?.started(undefined, () => {});
      const result = proceed();
      const { pid, status, signal } = result;
      if (pid === 0) return result;
      left = undefined;
      const end = endSeenByNode(status, signal as NodeJS.Signals | null, start.nowNs(), heap);
      start.ended(end, held?.endedNow(end.signal));
      return result;
    } finally {
      left?.abandon();
    }
  };
}

/** Changes the environment of the request. */
function prepare(start: Start, given: EarlyRequest): Prepared {
  let held: HeldChild | undefined;
  try {
    const program: Program = { ...programOf(given, textOrEmpty), stdio: [] };
    held = start.hold(program);
    if (held?.cgroup !== undefined) throw joinsTooLate();
    const ceiling = { bytes: () => held?.ceilingBytes, isHidden: held?.seesLimit === false };
    const { env, limitBytes } = withNodeHeap(program, start.request.nodeHeap, ceiling);
    given.envPairs = held?.environment(env) ?? env;
    return { held, heap: limitBytes === undefined ? undefined : { limitBytes, isPidOne: false } };
  } catch (error) {
    start.failed(error as Error, held?.abandon());
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
