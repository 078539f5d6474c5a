import { memoryController } from '../files/controller';
import type { CgroupVersion, FlatKeyed } from '../files/formats';

/**
 * Memory in use now. Sizes are in bytes. See docs/memory.md.
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
  /** v1 only: `rss + cache + swap` of the cgroup and those below it. It is exact, while `usage_in_bytes` is fuzzy. */
  realUseBytes?: number;
}

/** What {@link Usage} is computed from: the values of the interface files. */
export interface UsageSource {
  usage: number;
  limit: number;
  /** `memory.stat` */
  stat: Readonly<FlatKeyed>;
}

export function computeUsage(version: CgroupVersion, { usage, limit, stat }: UsageSource): Usage {
  const { totalPrefix, realUse } = memoryController(version);
  const statOf = (name: string) => stat[name] ?? 0;
  // v1's plain names leave out the cgroups below; v2's never do.
  const inactiveFile = statOf(`${totalPrefix}inactive_file`);
  const workingSet = Math.max(0, usage - inactiveFile);
  const percentOfLimit = (bytes: number) =>
    limit > 0 && limit !== Number.POSITIVE_INFINITY ? (bytes / limit) * 100 : null;
  const common = {
    usageBytes: usage,
    limitBytes: limit,
    workingSetBytes: workingSet,
    percent: percentOfLimit(usage),
    workingSetPercent: percentOfLimit(workingSet),
  };
  if (realUse === undefined) return common;
  return { ...common, realUseBytes: realUse.reduce((sum, name) => sum + statOf(name), 0) };
}
