import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  StdioNull,
  StdioPipe,
} from 'node:child_process';
import { type EventEmitter, errorMonitor } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { MemoryReport, Outcome } from '../types/outcome';
import type { Cage } from './cage/cage';
import { createLaunch } from './cage/launch';
import { enterPrivateCage, type Stay } from './cage/stay';
import { loadNative } from './native';
import { isOptions, type ResolvedCageOptions, type SpawnOptions, splitOptions } from './options';
import { OutcomeRecorder } from './outcome';
import { ProcessHandle } from './process/handle';
import type { LaunchPlan } from './process/launch';
import { spawnWithHandle } from './process/swap';
import { watch } from './watch';

/** What a caged child has beyond Node's ChildProcess. */
export interface Caged {
  /** The cage that it lives in. */
  readonly cage: Cage;
  /** What became of it. Resolves when the child and all that it left in its cage are gone; never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** A child without a cage: neither `memory` nor `cage` was given. */
export interface Uncaged {
  readonly cage: null;
  readonly outcome: Promise<Outcome<null>>;
}

type CagedBy<O> = O extends { memory: NonNullable<unknown> } | { cage: NonNullable<unknown> }
  ? Caged
  : keyof O & ('memory' | 'cage') extends never
    ? Uncaged
    : Caged | Uncaged;

/** The streams that Node's own typings tell from `stdio`; of options that are not known in full, none. */
type StreamsBy<O> = O extends { stdio: infer S }
  ? StreamsOf<S>
  : 'stdio' extends keyof O
    ? ChildProcess
    : ChildProcessWithoutNullStreams;

type StreamsOf<S> = S extends StdioPipe
  ? ChildProcessWithoutNullStreams
  : S extends StdioNull
    ? ChildProcessByStdio<null, null, null>
    : S extends readonly [infer I, infer U, infer E]
      ? ChildProcessByStdio<
          I extends StdioPipe ? Writable : null,
          U extends StdioPipe ? Readable : null,
          E extends StdioPipe ? Readable : null
        >
      : ChildProcess;

/** Node's ChildProcess, with `cage` and `outcome`. */
export type SpawnedProcess<O> = StreamsBy<O> & CagedBy<O>;

/**
 * As Node's `child_process.spawn`, and run by it: signature, options, events, streams and errors are Node's. The child is
 * in its cage, with its limits set, and in its namespaces, before the first instruction of its program.
 *
 * Two differences: unless it is `detached`, the child is killed when its parent dies; and `killSignal` is by default
 * SIGKILL in a PID namespace, whose first process ignores SIGTERM unless it handles it.
 *
 * @throws errors of memcage when the kernel refuses the cage or the namespaces; then nothing is left. What Node reports by
 * an 'error' event (ENOENT, EACCES ...) comes as that.
 */
export function spawn(file: string): SpawnedProcess<object>;
export function spawn<const O extends SpawnOptions = object>(file: string, options: O): SpawnedProcess<O>;
export function spawn<const O extends SpawnOptions = object>(
  file: string,
  args: readonly string[] | undefined,
  options?: O,
): SpawnedProcess<O>;
export function spawn(
  file: string,
  args?: readonly string[] | SpawnOptions,
  options?: SpawnOptions,
): ChildProcess & (Caged | Uncaged) {
  return isOptions(args) ? start(file, [], args) : start(file, args, options === undefined ? {} : options);
}

/** @internal `recorder` to add a reason to. */
export interface Started {
  child: ChildProcess & (Caged | Uncaged);
  recorder: OutcomeRecorder;
}

function start(
  file: string,
  args: readonly string[] | undefined,
  options: SpawnOptions,
): ChildProcess & (Caged | Uncaged) {
  return startChild(file, args, options).child;
}

/** @internal */
export function startChild(file: string, args: readonly string[] | undefined, options: SpawnOptions): Started {
  const native = loadNative();
  const { node, own } = splitOptions(options);
  const recorder = new OutcomeRecorder(native.monotonicNs(), memoryOfUnstarted(own));
  let cage: Cage | null = null;
  const launch = createLaunch({
    namespaces: own.namespaces,
    enter: enterer(own),
    onEntered: (stay) => {
      cage = stay?.cage ?? null;
    },
    onFailed: (error, end) => recorder.failed(error, end, native.monotonicNs()),
    onEnded: (child, end) => recorder.ended(child, end),
  });
  const child = spawnWithHandle(
    file,
    args,
    own.namespaces.pid === true ? { ...node, killSignal: node.killSignal ?? 'SIGKILL' } : node,
    () => new ProcessHandle({ launch, binding: native, refs: watch().refs }),
  );
  // Only watched: an 'error' that nobody handles must still be thrown.
  (child as EventEmitter).once(errorMonitor, (error: Error) => {
    // Where not even its pipes could be opened (EMFILE), nothing was launched that could have failed.
    if (child.pid === undefined) recorder.failed(error, undefined, native.monotonicNs());
    else recorder.because(error);
  });
  const caged = Object.assign(child, { cage, outcome: recorder.promise });
  return { child: caged as ChildProcess & (Caged | Uncaged), recorder };
}

/** For a child that did not even get as far as its cage. */
function memoryOfUnstarted({ cage, limits }: ResolvedCageOptions): MemoryReport | null {
  if (cage !== undefined) return cage.group.lastReport();
  if (limits === undefined) return null;
  return { limitBytes: limits.max ?? Number.POSITIVE_INFINITY, peakBytes: null, swapLimited: true };
}

function enterer(own: ResolvedCageOptions): ((plan: LaunchPlan) => Stay) | undefined {
  const { cage, limits, parent, keepDescendants, namespaces } = own;
  const isInit = namespaces.pid === true;
  if (cage !== undefined) return () => cage.enter();
  if (limits === undefined) return undefined;
  return ({ detached }) => enterPrivateCage({ limits, parent, detached, keepDescendants, isInit });
}
