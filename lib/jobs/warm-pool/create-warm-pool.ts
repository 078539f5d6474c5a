import { fileURLToPath } from 'node:url';
import type { AnyChild, CagedChild, CagingOption, OneOf } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/argument-errors';
import { alreadyRead } from '../../common/options/accepted-options';
import { isOptions, nodeCall } from '../../process/node-call';
import { type Started, startCall } from '../../start/launch/start-call';
import { ForkPool } from './pool';
import { CALLED, readPoolOptions, withoutPreload } from './pool-options';
import type { WarmPool, WarmPoolOptions } from './warm-pool';

/** Options of {@link createWarmPool} with a {@link CagingOption}. */
export type CagedWarmPoolOptions = OneOf<WarmPoolOptions, CagingOption>;

/**
 * Start Node children of a module ahead of time. Each is in its cage from birth, has loaded the module, and waits for
 * its first message. Who takes one gets it at once, and the pool starts the next. The pool does not keep the event loop
 * alive, and ends with the process.
 *
 * ```js run
 * import { writeFileSync } from 'node:fs';
 * import { createWarmPool } from 'memcage';
 *
 * writeFileSync('answer.cjs', "process.on('message', (n) => process.send(2 * n))");
 * const pool = createWarmPool('./answer.cjs', { memory: '100M' });
 * console.log(await pool.ask(21));
 * await pool.close();
 * ```
 *
 * ```text output
 * 42
 * ```
 *
 * @param module as that of {@link fork}. A relative path is looked up in `cwd`
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the first child can't be started; nothing
 * is left behind then
 */
export function createWarmPool(module: string | URL, options: CagedWarmPoolOptions): WarmPool<CagedChild>;
export function createWarmPool(
  module: string | URL,
  args: readonly string[] | undefined,
  options: CagedWarmPoolOptions,
): WarmPool<CagedChild>;
export function createWarmPool(module: string | URL, options: WarmPoolOptions): WarmPool<AnyChild>;
export function createWarmPool(
  module: string | URL,
  args?: readonly string[],
  options?: WarmPoolOptions,
): WarmPool<AnyChild>;
export function createWarmPool(module: string | URL, ...rest: unknown[]): WarmPool {
  const [args, given] = isOptions(rest[0]) ? [undefined, rest[0]] : rest;
  if (typeof module !== 'string' && !(module instanceof URL))
    throw invalidArgument('module', 'a path or a URL', module);
  if (args !== undefined && !Array.isArray(args)) throw invalidArgument('args', 'an array of strings', args);
  if (given !== undefined && !isOptions(given)) throw invalidArgument('options', 'an object', given);
  const { forkOptions, ...read } = readPoolOptions(given ?? {});
  const list = [...((args ?? []) as readonly string[])];
  const called = alreadyRead(CALLED);
  return new ForkPool({
    ...read,
    file: module instanceof URL ? fileURLToPath(module) : module,
    start: () => hidden(startCall(nodeCall('fork', [module, list, { ...forkOptions }]), called)),
  });
}

/** What the caller sees of the command line is that of fork. */
function hidden(started: Started): Started {
  const { child } = started;
  // Node leaves it undefined if there were no fds for the pipes.
  const args = child.spawnargs as string[] | undefined;
  if (args !== undefined) Reflect.set(child, 'spawnargs', withoutPreload(args));
  return started;
}
