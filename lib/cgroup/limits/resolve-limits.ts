import type { MemoryLimits, MemoryOption } from '../../../types/options';
import { invalidArgument } from '../../common/errors/errors';
import { isRecord, readOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';

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

interface ResolveOptions {
  /** The function that has the option, for errors. */
  of: string;
  /** Size of a page. Default: 4096. */
  pageBytes?: number;
}

const MAX_SWAPPINESS = 200;

type Parsers = {
  [K in keyof ResolvedLimits]-?: (option: string, value: unknown, pageBytes: number) => ResolvedLimits[K];
};

const PARSERS: Parsers = {
  max: size,
  swap: sizeOrNone,
  swapHigh: sizeOrNone,
  zswap: sizeOrNone,
  high: size,
  low: sizeOrNone,
  min: sizeOrNone,
  soft: size,
  swappiness,
  oomGroup: flag,
  oomKill: flag,
};

const NAMES = Object.keys(PARSERS) as (keyof MemoryLimits & keyof ResolvedLimits)[];

/** Names that Docker, systemd and the kernel use. */
const ALIASES = {
  limit: 'max',
  maximum: 'max',
  hard: 'max',
  memorymax: 'max',
  softlimit: 'soft',
  reservation: 'soft',
  memsw: 'swap',
  swapmax: 'swap',
  swaplimit: 'swap',
} as const;

/**
 * Validates the option `memory`, without looking at the machine.
 *
 * @throws TypeError or RangeError with a `code`, naming the option.
 */
export function resolveLimits(option: MemoryOption, { of, pageBytes = 4096 }: ResolveOptions): ResolvedLimits {
  // A caller without TypeScript can pass anything.
  const given: unknown = option;
  if (typeof given === 'number' || typeof given === 'string') return { max: size('memory', given, pageBytes) };
  if (!isRecord(given)) throw invalidArgument('memory', `a size or an object of ${NAMES.join(', ')}`, given);
  const limits = readOptions(given, { of, within: 'memory', known: NAMES, aliases: ALIASES });
  const entries = NAMES.filter((name) => name in limits).map((name) => [
    name,
    PARSERS[name](`memory.${name}`, limits[name], pageBytes),
  ]);
  return Object.fromEntries(entries) as ResolvedLimits;
}

function size(option: string, value: unknown, pageBytes: number): number {
  return checkSize(option, value, { pageBytes });
}

function sizeOrNone(option: string, value: unknown, pageBytes: number): number {
  return checkSize(option, value, { min: 0, pageBytes });
}

function swappiness(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SWAPPINESS) return value;
  throw invalidArgument(option, `an integer from 0 to ${MAX_SWAPPINESS}`, value);
}

function flag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(option, 'true or false', value);
}
