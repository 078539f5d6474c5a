import type { CgroupVersion } from './formats';
import type { V1_FILES } from './v1';
import type { V2_FILES } from './v2';

export interface Role {
  v1?: keyof typeof V1_FILES;
  v2?: keyof typeof V2_FILES;
}

/** What memcage uses memory interface files for, on either version. */
export const ROLES = {
  max: { v1: 'memory.limit_in_bytes', v2: 'memory.max' },
  /** Limit of memory and swap together. */
  memsw: { v1: 'memory.memsw.limit_in_bytes' },
  /** Limit of swap alone. */
  swap: { v2: 'memory.swap.max' },
  swapHigh: { v2: 'memory.swap.high' },
  zswap: { v2: 'memory.zswap.max' },
  high: { v2: 'memory.high' },
  low: { v2: 'memory.low' },
  min: { v2: 'memory.min' },
  soft: { v1: 'memory.soft_limit_in_bytes' },
  swappiness: { v1: 'memory.swappiness' },
  oomGroup: { v2: 'memory.oom.group' },
  oomKill: { v1: 'memory.oom_control' },
  usage: { v1: 'memory.usage_in_bytes', v2: 'memory.current' },
  peak: { v1: 'memory.max_usage_in_bytes', v2: 'memory.peak' },
  swapUsage: { v2: 'memory.swap.current' },
  swapPeak: { v2: 'memory.swap.peak' },
  kernelUsage: { v1: 'memory.kmem.usage_in_bytes' },
  /** Limit of TCP buffers. v1 accounts them separately, and only if they have a limit. */
  tcp: { v1: 'memory.kmem.tcp.limit_in_bytes' },
  failcnt: { v1: 'memory.failcnt' },
  memswFailcnt: { v1: 'memory.memsw.failcnt' },
  stat: { v1: 'memory.stat', v2: 'memory.stat' },
  events: { v2: 'memory.events' },
  eventsLocal: { v2: 'memory.events.local' },
  pressure: { v2: 'memory.pressure' },
  reclaim: { v2: 'memory.reclaim' },
} as const satisfies Record<string, Role>;

/** The file of the other version with the same role; undefined if there is none. */
export function counterpartOf(name: string, version: CgroupVersion): string | undefined {
  const [own, other] = version === 1 ? (['v1', 'v2'] as const) : (['v2', 'v1'] as const);
  const roles: readonly Role[] = Object.values(ROLES);
  return roles.find((role) => role[other] === name)?.[own];
}
