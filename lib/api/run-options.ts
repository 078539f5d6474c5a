import type { MemoryReport, Outcome } from '../../types/outcome';
import type { Output, OutputEncoding } from '../process/collect';
import type { SpawnOptions } from '../request/cage-options';

/** Options of {@link run}: those of {@link spawn}, and what Node's `execFile` has. */
export interface RunOptions<E extends OutputEncoding = OutputEncoding> extends SpawnOptions {
  /** Written to stdin, which is then closed. Default: stdin is empty. */
  input?: string | Uint8Array;
  /** Of `stdout` and `stderr`; 'buffer' for Buffers. Default: 'utf8'. */
  encoding?: E;
  /** Bytes kept of each of `stdout` and `stderr`. A child that writes more is killed. Default: 1 MiB. */
  maxBuffer?: number;
  /** `false`: resolve whatever became of the child, as long as it could be started. Default: true. */
  reject?: boolean;
}

/** What {@link run} resolves with, and what its errors carry as `outcome`. */
export type RunResult<
  E extends OutputEncoding = 'utf8',
  M extends MemoryReport | null = MemoryReport | null,
> = Outcome<M> & {
  /** All that the child, and who had it from the child, wrote there: text, or with `encoding: 'buffer'` a Buffer. */
  stdout: Output<E>;
  /** Likewise. */
  stderr: Output<E>;
};
