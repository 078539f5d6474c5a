import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  StdioNull,
  StdioPipe,
} from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { strict } from '../options/called';
import type { Exactly } from '../options/exactly';
import { likeNodes } from '../process/node-functions';
import type { SpawnOptions } from '../request/cage-options';
import { type CagedBy, callNode } from './start';

/**
 * The streams that Node's own typings derive from `stdio`. Options that are not known in full tell nothing about
 * them.
 */
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

/** Node's ChildProcess with `cage` and `outcome`. */
export type SpawnedProcess<O> = StreamsBy<O> & CagedBy<O>;

/**
 * Like Node's `child_process.spawn`, which runs it: the signature, options, events, streams and errors are Node's.
 * The child is in its cage, with its limits set, and in its namespaces, before the first instruction of its program.
 *
 * The main differences from Node: the child is killed when its parent dies, unless it is `detached`. `killSignal`
 * defaults to SIGKILL in a PID namespace, whose first process ignores SIGTERM unless it handles it. A Node child in a
 * cage gets a heap limit through NODE_OPTIONS (`nodeHeap`).
 *
 * @throws a MemcageError when the kernel refuses the cage or the namespaces; nothing is left behind then.
 * What Node reports by an 'error' event (ENOENT, EACCES ...) arrives as one.
 */
export function spawn(file: string): SpawnedProcess<object>;
export function spawn<const O extends SpawnOptions = object>(
  file: string,
  options: O & Exactly<O, SpawnOptions>,
): SpawnedProcess<O>;
export function spawn<const O extends SpawnOptions = object>(
  file: string,
  args: readonly string[] | undefined,
  options?: O & Exactly<O, SpawnOptions>,
): SpawnedProcess<O>;
export function spawn(...args: unknown[]): unknown {
  return callNode('spawn', args, CALLED);
}
likeNodes('spawn', spawn);

const CALLED = strict('spawn', 'spawn');
