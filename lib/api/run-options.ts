import type { MemoryReport, Outcome } from '../../types/outcome';
import type { Output, OutputEncoding } from '../process/collect';
import type { SpawnOptions } from '../request/cage-options';

/** Options of {@link run}: those of {@link spawn}, and some of Node's `execFile`. */
export interface RunOptions<E extends OutputEncoding = OutputEncoding> extends SpawnOptions {
  /** Text or bytes to write to stdin, which is then closed. Default: stdin is empty. */
  input?: string | Uint8Array;
  /** Encoding of `stdout` and `stderr`; 'buffer' for Buffers. Default: 'utf8'. */
  encoding?: E;
  /** Most bytes of each of `stdout` and `stderr`. A child that writes more is killed. Default: 1 MiB. */
  maxBuffer?: number;
  /**
   * With `false` the promise resolves whatever becomes of the child, as long as it could be started. Default: true.
   */
  reject?: boolean;
}

/** What {@link run} resolves with, and what its errors carry as `outcome`. */
export type RunResult<
  E extends OutputEncoding = 'utf8',
  M extends MemoryReport | null = MemoryReport | null,
> = Outcome<M> & {
  /** What the child, and whoever inherited its stdout, wrote there: text, or a Buffer with `encoding: 'buffer'`. */
  stdout: Output<E>;
  /** What was written to stderr, in the same form. */
  stderr: Output<E>;
};
