import type { Cage } from '../../cage/contract/cage';
import type { UseParts } from './admission/eviction';
import { LimitsAdmission, type Supply } from './admission/limits-admission';
import { leastFreeBytes, UseAdmission } from './admission/use-admission';
import { AdaptiveUseMeter } from './lookout';

/** What `admit: 'use'` is made of. */
export function rulesByUse(supply: Supply, cage: Cage): UseParts {
  brake(supply.memoryBytes, cage);
  const others = new LimitsAdmission({ ...supply, memoryBytes: Number.POSITIVE_INFINITY });
  const admission = new UseAdmission(supply.memoryBytes, others);
  return { admission, createMeter: (budget) => new AdaptiveUseMeter(budget, supply.memoryBytes, admission) };
}

/** A meter for admission by limits: nothing depends on what it measures but what is learned. */
export function onlyMeasured({ memoryBytes }: Supply): UseParts['createMeter'] {
  return (budget) => new AdaptiveUseMeter(budget, memoryBytes, undefined);
}

/**
 * v2: close to the limit the kernel slows down whoever takes more memory, until one job has been evicted. On v1 it could only have
 * them wait at the limit (`memory.oom_control`), where calls of the kernel fail with ENOMEM, and jobs for no reason of their own.
 */
function brake(memoryBytes: number, { cgroup }: Cage): void {
  if (cgroup.version !== 2 || cgroup.limits().high !== Number.POSITIVE_INFINITY) return;
  cgroup.setLimits({ high: Math.floor(memoryBytes - leastFreeBytes(memoryBytes) / 2) });
}
