import type { Cgroup } from '../cgroup/handle/cgroup';
import { resolveCageLimits, resolveStall } from '../cgroup/limits/resolve-limits';
import { ALIASES } from '../common/options/called';
import { checkOptions } from '../common/options/option-names';
import type { CageCgroup } from './cgroup/cage-cgroup';
import type { CageLimitOptions } from './contract/limit-options';

const OF = 'cage.setLimits';

/** Changes limits of a cage: those that its cgroup was made with. @throws what `Cage.setLimits()` throws */
export function changeCageLimits(limits: CageLimitOptions, cgroup: Cgroup, cageCgroup: CageCgroup): void {
  checkOptions(limits, { of: OF, known: ['memory', 'pids', 'cpu', 'cpuTimeMs', 'stall'], aliases: ALIASES });
  const { memory: _, cpuTimeMs, stall: __, ...others } = resolveCageLimits(limits, OF) ?? { memory: {} };
  const { homes } = cageCgroup;
  // Before the first write: memcage can tell.
  homes.assertHas(others);
  const cpuTime = cpuTimeMs === undefined ? undefined : cageCgroup.watched.cpuTime;
  const stall = limits.stall === undefined ? undefined : cageCgroup.watched.stall;
  // What can fail for want of an fd comes first. A limit of processor time that is used up kills at once, so that comes last.
  const prepared = stall?.prepare(resolveStall(limits.stall, OF, stall.stall));
  try {
    if (limits.memory !== undefined) cgroup.setLimits(limits.memory);
    homes.write(others);
    if (cpuTimeMs !== undefined) cpuTime?.change(cpuTimeMs);
  } catch (error) {
    prepared?.undo();
    throw error;
  }
  prepared?.commit();
}
