import { totalmem } from 'node:os';
import type { CgroupDirectory } from '../directory/directory';
import { memoryController } from '../files/controller';
import type { CgroupVersion, FlatKeyed } from '../files/formats';
import { hasRole } from '../files/roles';
import { openDirectory } from '../hierarchy/host';
import { readMemoryFile } from '../limits/limit-files';

/** The limits that apply to a cgroup, whichever cgroup they are set on. */
export interface EffectiveLimits {
  /** The smallest hard limit of the cgroup and those above it, or the machine's RAM if that is less. Bytes. */
  maxBytes: number;
  /** Path of the cgroup that sets it, the lowest of several; `'ram'`; `'hidden'` for one that can't be seen (v1). */
  maxFrom: string;
  /** The smallest `memory.high` (v2), above which the kernel throttles and reclaims. Bytes; `Infinity` if none. */
  highBytes: number;
  /** Path of the cgroup that sets it; `null` if there is none. */
  highFrom: string | null;
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
  return {
    maxBytes: Math.min(max, ramBytes),
    maxFrom: max > ramBytes ? 'ram' : (levels.find((level) => level.max === max)?.path ?? 'hidden'),
    highBytes: high,
    highFrom: high === Number.POSITIVE_INFINITY ? null : (levels.find((level) => level.high === high)?.path ?? null),
    ramBytes,
    complete,
  };
}

/** Reads the effective limits of a cgroup, up to its mount point. */
export function readEffectiveLimits(
  directory: CgroupDirectory,
  version: CgroupVersion,
  { mountPoint, stat }: { mountPoint: string; stat: () => Readonly<FlatKeyed> },
): EffectiveLimits {
  const { hierarchicalLimit } = memoryController(version);
  const top = openDirectory(mountPoint);
  try {
    const line = [directory, ...ancestors(top, directory.path)];
    return combineLimits(
      line.map((level) => readLevel(level, version)),
      {
        ramBytes: totalmem(),
        hierarchicalMax: hierarchicalLimit === undefined ? undefined : stat()[hierarchicalLimit],
        // v1 has no limit but `max`, and reports it for all cgroups above. On v2, only the root has no type.
        complete: hierarchicalLimit !== undefined || !top.has('cgroup.type'),
      },
    );
  } finally {
    top.close();
  }
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
