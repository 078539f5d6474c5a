import { invalidArgument } from '../errors/errors';
import { type Called, strict } from '../options/called';
import type { Exactly } from '../options/exactly';
import type { OutputEncoding } from '../process/collect';
import { isOptions } from '../process/node-call';
import type { MemoryOf } from '../request/cage-options';
import { runChild } from './run-child';
import type { RunOptions, RunResult } from './run-options';

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
