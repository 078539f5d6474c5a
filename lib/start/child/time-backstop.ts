import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import type { SettingsPlan } from '../../process/settings/child-settings';
import { recentLimits } from '../../process/settings/resource-limits';

/**
 * How much higher it is. For one process the kernel counts ticks, and on a busy machine these were a third more than what
 * its cgroup had used.
 */
const SHARE = 1.5;

/**
 * Gives each process of a cage with a limit of processor time one of its own (RLIMIT_CPU), which is higher. It holds when
 * this process is stopped, and the watcher's thread with it. It never raises a limit that the child has anyway.
 */
export function withTimeBackstop(plan: SettingsPlan, cgroup: CageCgroup | undefined): SettingsPlan {
  const limitMs = cgroup?.metered.cpuTimeLimitMs;
  if (limitMs === undefined) return plan;
  const { rlimits = [] } = plan;
  const given = rlimits.find(({ name }) => name === 'cpu') ?? recentLimits().cpu;
  if (given === undefined) return plan;
  const most = Math.ceil((limitMs * SHARE) / 1000) + 1;
  const cpu = { name: 'cpu', soft: Math.min(most, given.soft), hard: Math.min(most + 1, given.hard) };
  return { ...plan, rlimits: [...rlimits.filter(({ name }) => name !== 'cpu'), cpu] };
}
