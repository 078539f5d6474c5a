import { commonProcessors } from './processors';

/** Limits after validation. Sizes are in bytes; `Infinity` for unlimited. Limits that were left out are absent. */
export interface ResolvedLimits {
  /** Hard limit. `memory.max` (v2), `memory.limit_in_bytes` (v1). */
  max?: number;
  /** Limit of swap alone. */
  swap?: number;
  /** With more swap than this, processes are throttled. `memory.swap.high` (v2, Linux 5.8). */
  swapHigh?: number;
  /** Limit of compressed memory in zswap. `memory.zswap.max` (v2, Linux 5.19, CONFIG_ZSWAP). */
  zswap?: number;
  /** Above this, processes are throttled and memory is reclaimed. `memory.high` (v2). */
  high?: number;
  /** Below this, memory is reclaimed only if nothing unprotected is left. `memory.low` (v2). */
  low?: number;
  /** Below this, memory is never reclaimed. `memory.min` (v2, Linux 4.18). */
  min?: number;
  /** The cgroup is pushed back to this when the machine is short of memory. `memory.soft_limit_in_bytes` (v1). */
  soft?: number;
  /** From 0 to 100, or to 200 since Linux 5.8. `memory.swappiness` (v1). */
  swappiness?: number;
  /** An OOM kill takes all processes of the cgroup. `memory.oom.group` (v2, Linux 4.19). */
  oomGroup?: boolean;
  /** False if processes wait at the limit instead of being killed. `memory.oom_control` (v1). */
  oomKill?: boolean;
}

/** Limits of processor time after validation. */
export interface ResolvedCpu {
  /** In processors; `Infinity` for unlimited. */
  max?: number;
  weight?: number;
  /** Sorted, without overlaps: `0-2,4`. */
  set?: string;
}

/** A limit of how long a cage may get nowhere because of memory, after validation. */
export interface ResolvedStall {
  limitMs: number;
  /** Whether to kill everything in the cage, or only to tell. */
  action: 'kill' | 'event';
}

/** All limits of a cage after validation. What was left out is absent. */
export interface CageLimits {
  memory: ResolvedLimits;
  /** `Infinity` for counting alone. */
  pids?: number;
  cpu?: ResolvedCpu;
  /** Processor time of all processes together, since the cage was made. */
  cpuTimeMs?: number;
  stall?: ResolvedStall;
}

/** The limits of a cage that other controllers than memory hold. */
export type ControllerLimits = Pick<CageLimits, 'pids' | 'cpu'>;

/** All memory, with swap, that limits leave a child. `Infinity` for no limit. */
export function memoryAndSwap({ memory }: Pick<CageLimits, 'memory'>): number {
  // Swap that nobody has asked for is 0 where it can be limited.
  const { max = Number.POSITIVE_INFINITY, swap = 0 } = memory;
  return max + swap;
}

export function isSameLimits(one: CageLimits, other: CageLimits): boolean {
  const isSameTime = one.cpuTimeMs === other.cpuTimeMs;
  return (
    isSameTime && isSame(one.stall, other.stall) && isSame(one.memory, other.memory) && isSameControllers(one, other)
  );
}

export function isSameControllers(one: ControllerLimits, other: ControllerLimits): boolean {
  return one.pids === other.pids && isSame(one.cpu, other.cpu);
}

function isSame<T extends object>(one: T | undefined, other: T | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const names = Object.keys(one) as (keyof T)[];
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/**
 * The limits of a cage where both of these hold: of each limit the lower one, and what only one of them has.
 *
 * @throws ERR_MEMCAGE_LIMIT_REFUSED if they have no processor in common
 */
export function lowerOfBoth(one: CageLimits, other: CageLimits): CageLimits {
  const pids = lowest(one.pids, other.pids);
  const cpuTimeMs = lowest(one.cpuTimeMs, other.cpuTimeMs);
  const stall = lowerStall(one.stall, other.stall);
  const cpu = one.cpu === undefined || other.cpu === undefined ? (one.cpu ?? other.cpu) : lowerCpu(one.cpu, other.cpu);
  const memory = { ...other.memory, ...one.memory };
  for (const name of ['max', 'swap', 'swapHigh', 'zswap', 'high', 'soft'] as const) {
    const size = lowest(one.memory[name], other.memory[name]);
    if (size !== undefined) memory[name] = size;
  }
  return {
    memory,
    ...(pids !== undefined && { pids }),
    ...(cpu !== undefined && { cpu }),
    ...(cpuTimeMs !== undefined && { cpuTimeMs }),
    ...(stall !== undefined && { stall }),
  };
}

/** The limits of processor time where both of these hold. @throws ERR_MEMCAGE_LIMIT_REFUSED if they have no processor in common */
export function lowerCpu(one: ResolvedCpu, other: ResolvedCpu): ResolvedCpu {
  const max = lowest(one.max, other.max);
  const weight = lowest(one.weight, other.weight);
  const set =
    one.set === undefined || other.set === undefined ? (one.set ?? other.set) : commonProcessors(one.set, other.set);
  return {
    ...(max !== undefined && { max }),
    ...(weight !== undefined && { weight }),
    ...(set !== undefined && { set }),
  };
}

/**
 * What a cgroup within another can have of these limits: v1 refuses more processors than the cgroup around has.
 *
 * @param around what the cgroup around, and those around that, may use
 *
 * @throws ERR_MEMCAGE_LIMIT_REFUSED if they have no processor in common
 */
export function withinAround<L extends ControllerLimits>(limits: L, around: ResolvedCpu | undefined): L {
  const { cpu } = limits;
  if (cpu === undefined || around === undefined) return limits;
  const { max, set } = lowerCpu(cpu, around);
  return {
    ...limits,
    cpu: {
      ...cpu,
      ...(cpu.max !== undefined && { max }),
      ...(cpu.set !== undefined && { set }),
    },
  };
}

function lowerStall(one: ResolvedStall | undefined, other: ResolvedStall | undefined): ResolvedStall | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  // One that only tells takes nothing from one that kills.
  if (one.action !== other.action) return one.action === 'kill' ? one : other;
  return one.limitMs <= other.limitMs ? one : other;
}

function lowest(...values: (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
