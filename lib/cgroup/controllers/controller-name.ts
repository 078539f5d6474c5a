import type { CgroupVersion } from '../files/formats';
import type { SIDE_CONTROLLERS } from '../hierarchy/mounts';
import type { CageLimits } from '../limits/cage-limits';

/** A controller beside memory. `cpuacct` is v1's; on v2 every cgroup counts processor time. */
export type ControllerName = (typeof SIDE_CONTROLLERS)[number];

/** What some limits need. */
export interface Needs {
  version: CgroupVersion;
  /** Whether the cage has a cgroup in the unified hierarchy, where each has `cpu.stat` (Linux 4.15), even beside v1. */
  hasUnified: boolean;
}

/** The controllers that hold these limits, and count for them. */
export function controllersFor(limits: CageLimits, { version, hasUnified }: Needs): ControllerName[] {
  const { pids, cpu } = limits;
  const names: ControllerName[] = [];
  if (pids !== undefined) names.push('pids');
  if (cpu !== undefined) {
    names.push('cpu');
    if (cpu.set !== undefined) names.push('cpuset');
  }
  if (countsTime(limits) && version === 1 && !hasUnified) names.push('cpuacct');
  return names;
}

/** Whether processor time is counted for these limits. */
export function countsTime({ cpu, cpuTimeMs, stall }: CageLimits): boolean {
  return cpu !== undefined || cpuTimeMs !== undefined || stall !== undefined;
}
