import type { MemoryReport, Outcome } from '../types/outcome';
import { type Called, strict } from './called';
import { invalidArgument } from './errors';
import type { Exactly } from './exactly';
import type { MemoryOf, SpawnOptions } from './options';
import type { Output, OutputEncoding } from './process/collect';
import { isOptions } from './process/node-call';
import { runChild } from './run-child';

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

type EncodingOf<O> = O extends { encoding: infer E extends OutputEncoding } ? E : 'utf8';

/** What a run with these options resolves with. */
export type ResultOf<O> = RunResult<EncodingOf<O>, MemoryOf<O>>;

/**
 * Run a program to its end and collect what it writes. Resolves once the child, and all that it left in its cage, is gone.
 *
 * @throws MemoryLimitError when the kernel killed the child or a descendant of it for memory, or a Node child most likely
 * ended at the limit of its JavaScript heap that memcage has set; ExitError for another end
 * than exit code 0; AbortError, TimeoutError; Node's error when it can't be started (ENOENT ...). All of them have the result
 * as `outcome`. What {@link spawn} throws has none.
 */
export function run(file: string): Promise<ResultOf<object>>;
export function run<const O extends RunOptions = object>(
  file: string,
  options: O & Exactly<O, RunOptions>,
): Promise<ResultOf<O>>;
export function run<const O extends RunOptions = object>(
  file: string,
  args: readonly string[] | undefined,
  options?: O & Exactly<O, RunOptions>,
): Promise<ResultOf<O>>;
export async function run(
  file: string,
  args?: readonly string[] | RunOptions,
  options?: RunOptions,
): Promise<RunResult<OutputEncoding>> {
  return runAs(CALLED, file, args, options);
}

/** {@link run}, by another name. */
export async function runAs(
  called: Called,
  file: string,
  args: readonly string[] | RunOptions | undefined,
  options: RunOptions | undefined,
): Promise<RunResult<OutputEncoding>> {
  if (isOptions(args)) return runChild(called, file, [], args);
  if (options !== undefined && !isOptions(options)) throw invalidArgument('options', 'an object', options);
  return runChild(called, file, args ?? [], options ?? {});
}

/** What {@link run} has beside the options of {@link spawn}. */
export const RUN_OPTIONS = ['input', 'encoding', 'maxBuffer', 'reject'];

const CALLED = strict('run', 'spawn', RUN_OPTIONS);
