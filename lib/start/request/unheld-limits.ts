import type { CageLimits, ResolvedLimits } from '../../cgroup/limits/cage-limits';

/** A limit that only the kernel can hold, and why. */
export interface UnheldLimit {
  name: string;
  why: string;
}

/** Undefined if looking at the processes now and then does the same. */
type Judge<K extends keyof ResolvedLimits> = (value: NonNullable<ResolvedLimits[K]>) => string | undefined;

const NO_SWAP = 'nothing but the kernel limits swap';

/** A value that limits nothing is no request. */
const JUDGES: { readonly [K in keyof ResolvedLimits]-?: Judge<K> } = {
  max: () => undefined,
  swap: (bytes) => finite(bytes, NO_SWAP),
  swapHigh: (bytes) => finite(bytes, NO_SWAP),
  zswap: (bytes) => finite(bytes, NO_SWAP),
  high: (bytes) => finite(bytes, 'nothing but the kernel throttles and reclaims'),
  soft: (bytes) => finite(bytes, 'nothing but the kernel reclaims'),
  low: (bytes) => (bytes > 0 ? 'nothing but the kernel protects memory' : undefined),
  min: (bytes) => (bytes > 0 ? 'nothing but the kernel protects memory' : undefined),
  swappiness: () => NO_SWAP,
  oomGroup: (isOn) => (isOn ? undefined : 'where a cage is polled, a kill takes all of it'),
  oomKill: (isOn) => (isOn ? undefined : 'nothing but the kernel lets processes wait for memory'),
};

/** The limits among these that polling can't hold. */
export function unheldLimits({ memory, pids, cpu, cpuTimeMs, stall }: CageLimits): UnheldLimit[] {
  const unheld = (Object.keys(memory) as (keyof ResolvedLimits)[]).flatMap((name) => {
    const value = memory[name];
    const why = value === undefined ? undefined : (JUDGES[name] as (given: unknown) => string | undefined)(value);
    return why === undefined ? [] : [{ name: `memory.${name}`, why }];
  });
  if (pids !== undefined) unheld.push({ name: 'pids', why: 'nothing but the kernel refuses and counts processes' });
  if (cpu !== undefined) unheld.push({ name: 'cpu', why: 'nothing but the kernel shares out processors' });
  if (cpuTimeMs !== undefined) {
    unheld.push({
      name: 'cpuTimeMs',
      why: 'nothing but the kernel counts the time of processes that live for a moment',
    });
  }
  if (stall !== undefined) {
    unheld.push({ name: 'stall', why: 'nothing but the kernel tells what processes lose to memory' });
  }
  return unheld;
}

function finite(bytes: number, why: string): string | undefined {
  return bytes === Number.POSITIVE_INFINITY ? undefined : why;
}
