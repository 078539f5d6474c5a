import { inspect } from 'node:util';
import type { MemoryReport } from '../../../types/outcome';
import type { CagedRunOptions, RunOptions, RunResult } from '../../cage/contract/cage';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, words } from '../../common/errors/words';
import { strict } from '../../common/options/accepted-options';
import { RUN_OPTIONS } from '../../common/options/names';
import type { OutputEncoding } from '../../process/collect-output';
import { isOptions } from '../../process/node-call';
import { runChild } from './run-child';

/** The type of {@link run}. */
export interface Run {
  /** Run a program in a cage. */
  <const T extends OutputEncoding = 'utf8'>(
    file: string,
    options: CagedRunOptions<T>,
  ): Promise<RunResult<T, MemoryReport>>;
  /** Run a program in a cage. */
  <const T extends OutputEncoding = 'utf8'>(
    file: string,
    args: readonly string[] | undefined,
    options: CagedRunOptions<T>,
  ): Promise<RunResult<T, MemoryReport>>;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  <const T extends OutputEncoding = 'utf8'>(file: string, options: RunOptions<T>): Promise<RunResult<T>>;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  <const T extends OutputEncoding = 'utf8'>(
    file: string,
    args?: readonly string[],
    options?: RunOptions<T>,
  ): Promise<RunResult<T>>;
}

/**
 * Run a program to its end and collect its output. Resolves once the child and everything that it left in its cage
 * are gone.
 *
 * ```js run
 * import { MemoryLimitError, run } from 'memcage';
 *
 * const { stdout } = await run('echo', ['hello'], { memory: '50M' });
 * console.log(stdout.trim());
 * await run('tail', ['/dev/zero'], { memory: '50M' }).catch((error) =>
 *   console.log(error instanceof MemoryLimitError),
 * );
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
export const run = (async (file: string, ...given: unknown[]) => {
  const { args, options } = listAndOptions('run', given);
  return runChild(CALLED, file, args, options);
}) as Run;

/**
 * Tells arguments from options.
 *
 * @param given what a caller may give after the program
 *
 * @throws TypeError for options where nobody would read them: a limit among them would not hold
 */
export function listAndOptions(
  of: string,
  [args, options, ...more]: readonly unknown[],
): { args: readonly string[]; options: RunOptions } {
  const extra = more.find((each) => each !== undefined) ?? (isOptions(args) ? options : undefined);
  if (extra !== undefined) throw tooMany(of, extra);
  if (isOptions(args)) return { args: [], options: args };
  if (options !== undefined && !isOptions(options)) throw invalidArgument('options', 'an object', options);
  return { args: (args ?? []) as readonly string[], options: options ?? {} };
}

function tooMany(of: string, extra: unknown): TypeError {
  const message = words`${of}() takes a program, its arguments and one object of options, and was given ${inspect(extra, { depth: 0 })} after that`;
  return contradiction('options', words`${message}${CURE}put all options into one object`);
}

const CALLED = strict('run', 'spawn', RUN_OPTIONS);
