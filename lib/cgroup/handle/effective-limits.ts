import { totalmem } from 'node:os';
import type { CgroupDirectory } from '../directory/directory';
import { memoryController } from '../files/controller';
import type { CgroupVersion, FlatKeyed } from '../files/formats';
import { hasRole } from '../files/roles';
import { openDirectory } from '../hierarchy/host';
import { readMemoryFile } from '../limits/limit-files';

/** What limits a cgroup, whoever it was set for. */
export interface EffectiveLimits {
  /** The smallest hard limit of the cgroup and those above it, or the machine's RAM where that is less. Bytes. */
  maxBytes: number;
  /** Path of the cgroup that sets it, the lowest of several; `'ram'`; `'hidden'`: one above what can be seen (v1). */
  maxFrom: string;
  /** The smallest `memory.high` (v2), above which the kernel slows down and reclaims. Bytes, `Infinity` without. */
  highBytes: number;
  /** Path of the cgroup that sets it; `null` without. */
  highFrom: string | null;
  /** What Linux has of the machine's memory, in bytes. */
  ramBytes: number;
  /** False: cgroups above can't be seen, and may limit `maxBytes` (v2) and `highBytes` further. */
  complete: boolean;
}

/** Limits of one cgroup in bytes, `Infinity` without. */
export interface LevelLimits {
  path: string;
  max: number;
  high: number;
}

/**
 * @param levels the cgroup first, then those above it
 * @param hierarchicalMax v1's own answer, `hierarchical_memory_limit` of memory.stat, which knows the hidden ones too
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

/** The effective limits of a cgroup, read up to the mount point that it is below. */
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
        // v1 has no limit but `max`, and tells that of all. On v2 only the root of the hierarchy has no type.
        complete: hierarchicalLimit !== undefined || !top.has('cgroup.type'),
      },
    );
  } finally {
    top.close();
  }
}

/** The cgroups above one, up to and with the one that is mounted. */
function ancestors(top: CgroupDirectory, path: string): CgroupDirectory[] {
  const names = path.slice(top.path.length).split('/').slice(1);
  const above = names.map((_, index) => names.slice(0, index).reduce((at, name) => at.below(name), top));
  return above.reverse();
}

function readLevel(directory: CgroupDirectory, version: CgroupVersion): LevelLimits {
  const limit = (role: 'max' | 'high'): number =>
    (hasRole(role, version) ? readMemoryFile(directory, version, role) : undefined) ?? Number.POSITIVE_INFINITY;
  return { path: directory.path, max: limit('max'), high: limit('high') };
}
