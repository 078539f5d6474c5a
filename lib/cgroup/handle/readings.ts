import { totalmem } from 'node:os';
import { checkFlag } from '../../common/options/checks';
import { checkOptions } from '../../common/options/option-names';
import { keptInJson } from '../../common/text/json';
import type { CgroupDirectory } from '../directory/directory';
import { memoryController } from '../files/controller';
import { type CgroupVersion, type FlatKeyed, parseFlatKeyed, parseValue } from '../files/formats';
import { hasRole, memoryFile } from '../files/roles';
import { inDirectory, mountPointAbove } from '../hierarchy/host';
import { readMemoryFile } from '../limits/limit-files';
import type { KillCgroup } from '../processes/kill-cgroup';

/** The limits that apply to a cgroup, whichever cgroup they are set on. */
export interface EffectiveLimits {
  /** The smallest hard limit of the cgroup and those above it, or the machine's RAM if that is less. Bytes. */
  maxBytes: number;
  /** What sets it: a cgroup; `hidden`, one that can't be seen (v1); or `ram`, the machine. */
  maxBy: 'cgroup' | 'hidden' | 'ram';
  /** Path of the cgroup that sets it, the lowest of several; `null` unless `maxBy` is `cgroup`. */
  maxPath: string | null;
  /** The smallest `memory.high` (v2), above which the kernel throttles and reclaims. Bytes; `Infinity` if none. */
  highBytes: number;
  /** Path of the cgroup that sets it; `null` if there is none. */
  highPath: string | null;
  /** The machine's memory as Linux sees it, in bytes. */
  ramBytes: number;
  /** False if cgroups above can't be seen, which may lower `maxBytes` (v2) and `highBytes` further. */
  complete: boolean;
}

/** The limits of one cgroup in bytes; `Infinity` if there is none. */
export interface LevelLimits {
  path: string;
  max: number;
  high: number;
}

/**
 * @param levels the cgroup first, then those above it
 * @param hierarchicalMax v1's own answer: `hierarchical_memory_limit` of memory.stat, which includes hidden cgroups
 */
export function combineLimits(
  levels: readonly LevelLimits[],
  {
    ramBytes,
    hierarchicalMax,
    complete,
  }: { ramBytes: number; hierarchicalMax?: number | undefined; complete: boolean },
): EffectiveLimits {
  const max = hierarchicalMax ?? Math.min(...levels.map((level) => level.max));
  const high = Math.min(...levels.map((level) => level.high));
  const maxPath = max > ramBytes ? null : (levels.find((level) => level.max === max)?.path ?? null);
  const otherBy = max > ramBytes ? 'ram' : 'hidden';
  return keptInJson({
    maxBytes: Math.min(max, ramBytes),
    maxBy: maxPath === null ? otherBy : 'cgroup',
    maxPath,
    highBytes: high,
    highPath: high === Number.POSITIVE_INFINITY ? null : (levels.find((level) => level.high === high)?.path ?? null),
    ramBytes,
    complete,
  });
}

/** Reads the effective limits of a cgroup, up to its mount point. */
export function readEffectiveLimits(
  directory: CgroupDirectory,
  version: CgroupVersion,
  stat: () => Readonly<FlatKeyed>,
): EffectiveLimits {
  const { hierarchicalLimit } = memoryController(version);
  return inDirectory(mountPointAbove(directory.path), (top) =>
    combineLimits(
      [directory, ...ancestors(top, directory.path)].map((level) => readLevel(level, version)),
      {
        ramBytes: totalmem(),
        hierarchicalMax: hierarchicalLimit === undefined ? undefined : stat()[hierarchicalLimit],
        // v1 has no limit but `max`, and reports it for all cgroups above. On v2, only the root has no type.
        complete: hierarchicalLimit !== undefined || !top.has('cgroup.type'),
      },
    ),
  );
}

/** The cgroups above one, nearest first, up to and including the one that is mounted. */
function ancestors(top: CgroupDirectory, path: string): CgroupDirectory[] {
  const names = path.slice(top.path.length).split('/').slice(1);
  const line = names.map((_, index) => names.slice(0, index).reduce((at, name) => at.below(name), top));
  return line.reverse();
}

function readLevel(directory: CgroupDirectory, version: CgroupVersion): LevelLimits {
  const limit = (role: 'max' | 'high'): number =>
    (hasRole(role, version) ? readMemoryFile(directory, version, role) : undefined) ?? Number.POSITIVE_INFINITY;
  return { path: directory.path, max: limit('max'), high: limit('high') };
}

/**
 * Memory in use now. Sizes are in bytes. See docs/reference/memory.md.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#usage-in-bytes
 */
export interface Usage {
  /** All memory that is charged, page cache included: `memory.current` (v2), `memory.usage_in_bytes` (v1; fuzzy). */
  usageBytes: number;
  /** The hard limit: `memory.max` (v2), `memory.limit_in_bytes` (v1). `Infinity` if there is none. */
  limitBytes: number;
  /** `usageBytes` without page cache that is dropped first (`inactive_file`), at least 0; docker stats' MEM USAGE. */
  workingSetBytes: number;
  /** `usageBytes` in percent of the limit; `null` if there is none. */
  percent: number | null;
  /** `workingSetBytes` in percent of the limit; `null` if there is none. This is docker stats' MEM %. */
  workingSetPercent: number | null;
  /** `rss + cache + swap` of the cgroup and those below it (v1), which is exact, while `usage_in_bytes` is fuzzy; `null` on v2. */
  realUseBytes: number | null;
}

/** What {@link Usage} is computed from: the values of the interface files. */
export interface UsageSource {
  usage: number;
  limit: number;
  /** `memory.stat` */
  stat: Readonly<FlatKeyed>;
}

export function readUsage(directory: CgroupDirectory, version: CgroupVersion, stat: () => Readonly<FlatKeyed>): Usage {
  const file = memoryFile('usage', version);
  return computeUsage(version, {
    usage: parseValue(directory.read(file), `${directory.path}/${file}`),
    limit: readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY,
    stat: stat(),
  });
}

/** What `console.log()` shows of a cgroup. */
export function shownFacts(cgroup: { usage(): Usage; pids(): number[] }): object {
  try {
    const { usageBytes, limitBytes } = cgroup.usage();
    return { usageBytes, limitBytes, processes: cgroup.pids().length };
  } catch (error) {
    // Removed meanwhile, or the root of v2, which does not account its usage.
    return { unknown: (error as Error).message };
  }
}

export function computeUsage(version: CgroupVersion, { usage, limit, stat }: UsageSource): Usage {
  const { totalPrefix, realUse } = memoryController(version);
  const statOf = (name: string) => stat[name] ?? 0;
  // v1's plain names leave out the cgroups below; v2's never do.
  const inactiveFile = statOf(`${totalPrefix}inactive_file`);
  const workingSet = Math.max(0, usage - inactiveFile);
  const percentOfLimit = (bytes: number) =>
    limit > 0 && limit !== Number.POSITIVE_INFINITY ? (bytes / limit) * 100 : null;
  return keptInJson({
    usageBytes: usage,
    limitBytes: limit,
    workingSetBytes: workingSet,
    percent: percentOfLimit(usage),
    workingSetPercent: percentOfLimit(workingSet),
    realUseBytes: realUse?.reduce((sum, name) => sum + statOf(name), 0) ?? null,
  });
}

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
export function readCounts(directory: CgroupDirectory, version: CgroupVersion, options: unknown): MemoryEvents {
  const { local = false } = checkOptions(options, { of: 'cgroup.counts', known: ['local'] });
  const file = memoryFile(checkFlag('local', local) ? 'eventsLocal' : 'events', version, 'counts()');
  const zero = { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0 };
  return { ...zero, ...parseFlatKeyed(directory.read(file), `${directory.path}/${file}`) };
}

/** The processor time of a cgroup and those below, in milliseconds; undefined where nothing tells. */
export function readCpuMs({ killCgroup }: { readonly killCgroup: KillCgroup | undefined }): number | undefined {
  const stat = killCgroup?.kind === 'unified' ? killCgroup.directory.readIfPresent('cpu.stat') : undefined;
  const usedUs = stat === undefined ? undefined : parseFlatKeyed(stat, 'cpu.stat')['usage_usec'];
  return usedUs === undefined ? undefined : usedUs / 1000;
}
