import type { Run, RunOptions, RunResult } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/argument-errors';
import { type Called, strict } from '../../common/options/accepted-options';
import type { OutputEncoding } from '../../process/collect-output';
import { isOptions } from '../../process/node-call';
import { runChild } from './run-child';

/**
 * Run a program to its end and collect its output. Resolves once the child and everything that it left in its cage
 * are gone.
 *
 * ```js run
 * import { MemoryLimitError, run } from 'memcage';
 *
 * const { stdout } = await run('echo', ['hello'], { memory: '50M' });
 * console.log(stdout.trim());
 * await run('tail', ['/dev/zero'], { memory: '50M' }).catch((error) => console.log(error instanceof MemoryLimitError));
 * ```
 *
 * ```text output
 * hello
 * true
 * ```
 *
 * @throws MemoryLimitError when the kernel killed the child or one of its descendants for memory, or when a Node
 * child most likely reached the limit that memcage set for its JavaScript heap; LimitError when another limit ended the
 * child; ExitError when the child did not end with exit code 0; TimeoutError after `timeout`; RunError, of which these are, when it
 * ended early for another reason; AbortError after an abort; Node's error when the child can't be started (ENOENT ...), or its
 * output can't be read. Each has the result as `outcome`. Errors that {@link spawn} throws have none.
 *
 * @function
 */
export const run = ((file: string, args?: readonly string[] | RunOptions, options?: RunOptions) =>
  runAs(CALLED, file, args, options)) as Run;

/** {@link run} under another name. */
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

/** Options of {@link run} that {@link spawn} does not have. */
export const RUN_OPTIONS = ['input', 'encoding', 'maxBuffer', 'reject'];

const CALLED = strict('run', 'spawn', RUN_OPTIONS);
