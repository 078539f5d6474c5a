import { invalidArgument } from '../../errors/errors';
import { checkOptions } from '../../options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { type CgroupVersion, type FlatKeyed, parseFlatKeyed } from '../files/formats';
import { memoryFile } from '../files/roles';

/**
 * Counts since the cgroup exists, by the kernel's names; newer kernels may have more.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export interface MemoryEvents extends FlatKeyed {
  /** Reclaimed from though below `low`: too much is protected. */
  low: number;
  /** Throttled and reclaimed from, above `high`. */
  high: number;
  /** The use was about to go above `max`. */
  max: number;
  /** An allocation was about to fail at the limit. Counted where the limit is. */
  oom: number;
  /** Processes killed for memory, whoever's limit it was. Counted where they were. */
  oom_kill: number;
}

/** The counts of a cgroup; `local` without those of the cgroups below. */
export function readEvents(directory: CgroupDirectory, version: CgroupVersion, options: unknown): MemoryEvents {
  const { local = false } = checkOptions(options, { of: 'cgroup.events', known: ['local'] });
  if (typeof local !== 'boolean') throw invalidArgument('local', 'true or false', local);
  const file = memoryFile(local ? 'eventsLocal' : 'events', version, 'events()');
  const zero = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0 };
  return { ...zero, ...parseFlatKeyed(directory.read(file), `${directory.path}/${file}`) };
}
