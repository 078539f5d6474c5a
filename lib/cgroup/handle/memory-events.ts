import { invalidArgument } from '../../common/errors/errors';
import { checkOptions } from '../../common/options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { type CgroupVersion, type FlatKeyed, parseFlatKeyed } from '../files/formats';
import { memoryFile } from '../files/roles';

/**
 * Counts since the cgroup was made, with the kernel's names. Newer kernels may have more.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export interface MemoryEvents extends FlatKeyed {
  /** How often the kernel reclaimed although the usage was below `low`: too much memory is protected. */
  low: number;
  /** How often processes were throttled, and memory was reclaimed, above `high`. */
  high: number;
  /** How often the usage was about to exceed `max`. */
  max: number;
  /** How often an allocation was about to fail at the limit. Counted where the limit is. */
  oom: number;
  /** Number of processes killed for memory, whatever limit it was for. Counted where they were. */
  oom_kill: number;
}

/** Reads the counts of a cgroup; with `local`, without those of the cgroups below. */
export function readEvents(directory: CgroupDirectory, version: CgroupVersion, options: unknown): MemoryEvents {
  const { local = false } = checkOptions(options, { of: 'cgroup.events', known: ['local'] });
  if (typeof local !== 'boolean') throw invalidArgument('local', 'true or false', local);
  const file = memoryFile(local ? 'eventsLocal' : 'events', version, 'events()');
  const zero = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0 };
  return { ...zero, ...parseFlatKeyed(directory.read(file), `${directory.path}/${file}`) };
}
