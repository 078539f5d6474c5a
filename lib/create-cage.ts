import type { MemoryOption } from '../types/options';
import { SharedCage } from './cage/shared-cage';
import type { Cgroup } from './cgroup/cgroup';
import { invalidArgument } from './errors';
import { isOptions, resolveMemory, resolveParent, type SpawnOptions } from './options';
import { type ResultOf, type RunOptions, run } from './run';
import { type SpawnedProcess, spawn } from './spawn';

export interface CreateCageOptions {
  /** Limits for the sum of all children. */
  memory: MemoryOption;
  /** The memory cgroup to make it in. Default: the caller's own (v1); on v2 it must be given. */
  parent?: Cgroup | string;
}

/** Options of a child that is started in a cage. */
export type MemberOptions<O extends SpawnOptions> = Omit<O, 'memory' | 'cage' | 'parent' | 'keepDescendants'>;

/** One limit for many children. Each ends with the cage, and has an outcome of its own. */
export class MultiCage extends SharedCage {
  /** As {@link spawn}, in this cage. */
  spawn(file: string): SpawnedProcess<{ cage: SharedCage }>;
  spawn<const O extends MemberOptions<SpawnOptions> = object>(
    file: string,
    options: O,
  ): SpawnedProcess<O & { cage: SharedCage }>;
  spawn<const O extends MemberOptions<SpawnOptions> = object>(
    file: string,
    args: readonly string[] | undefined,
    options?: O,
  ): SpawnedProcess<O & { cage: SharedCage }>;
  spawn(
    file: string,
    args?: readonly string[] | MemberOptions<SpawnOptions>,
    options?: MemberOptions<SpawnOptions>,
  ): unknown {
    const [list, rest] = split(args, options);
    return spawn(file, list, this.#with(rest));
  }

  /** As {@link run}, in this cage. */
  run(file: string): Promise<ResultOf<{ cage: SharedCage }>>;
  run<const O extends MemberOptions<RunOptions> = object>(
    file: string,
    options: O,
  ): Promise<ResultOf<O & { cage: SharedCage }>>;
  run<const O extends MemberOptions<RunOptions> = object>(
    file: string,
    args: readonly string[] | undefined,
    options?: O,
  ): Promise<ResultOf<O & { cage: SharedCage }>>;
  run(
    file: string,
    args?: readonly string[] | MemberOptions<RunOptions>,
    options?: MemberOptions<RunOptions>,
  ): Promise<unknown> {
    const [list, rest] = split(args, options);
    return run(file, list, this.#with(rest));
  }

  /** What is no options object is left for Node to refuse. */
  #with<O extends object>(options: O | undefined): O | (O & { cage: SharedCage }) {
    return options === undefined || isOptions(options) ? { ...(options as O), cage: this } : options;
  }
}

/** The two forms of a call: with and without arguments. */
function split<O extends object>(
  args: readonly string[] | O | undefined,
  options: O | undefined,
): [readonly string[] | undefined, O | undefined] {
  return isOptions(args) ? [[], args] : [args, options];
}

/**
 * Make a cage for many children.
 *
 * @throws errors of memcage when the options are wrong, or there is no place to make it; then nothing is left.
 */
export function createCage(options: CreateCageOptions): MultiCage {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  for (const name of Object.keys(options)) {
    if (name !== 'memory' && name !== 'parent') throw invalidArgument('options', 'names among memory, parent', name);
  }
  if (options.memory === undefined) throw invalidArgument('memory', 'a size or an object of limits', undefined);
  return new MultiCage(resolveMemory(options.memory), resolveParent(options.parent));
}
