import type { MemoryLimits, MemoryOption } from '../../../types/options';
import { invalidArgument } from '../../errors/errors';
import { isRecord, refuseUnknown } from '../../options/option-names';
import { parseSize } from '../../text/size';

/** Limits after validation. Sizes in bytes, `Infinity` for unlimited; what was left out is absent. */
export interface ResolvedLimits {
  /** Hard limit. `memory.max` (v2), `memory.limit_in_bytes` (v1). */
  max?: number;
  /** Swap alone. */
  swap?: number;
  /** Above it throttled, by swap. `memory.swap.high` (v2, Linux 5.8). */
  swapHigh?: number;
  /** Compressed memory in zswap. `memory.zswap.max` (v2, Linux 5.19, CONFIG_ZSWAP). */
  zswap?: number;
  /** Above it throttled and reclaimed from. `memory.high` (v2). */
  high?: number;
  /** Below it reclaimed only when nothing unprotected is left. `memory.low` (v2). */
  low?: number;
  /** Below it never reclaimed. `memory.min` (v2, Linux 4.18). */
  min?: number;
  /** Pushed back to it when the machine is short. `memory.soft_limit_in_bytes` (v1). */
  soft?: number;
  /** 0 to 100, 200 since Linux 5.8. `memory.swappiness` (v1). */
  swappiness?: number;
  /** An OOM kill takes all of the cgroup. `memory.oom.group` (v2, Linux 4.19). */
  oomGroup?: boolean;
  /** False: processes wait at the limit instead of being killed. `memory.oom_control` (v1). */
  oomKill?: boolean;
}

interface ResolveOptions {
  /** The function whose option it is, for errors. */
  of: string;
  /** Size of a page. Default: 4096. */
  pageBytes?: number;
  /** How an error calls a limit. Default: `memory.max` and so on. */
  nameOf?: (name: keyof ResolvedLimits) => string;
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

/** What Docker, systemd and the kernel say. */
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
export function resolveLimits(
  option: MemoryOption,
  { of, pageBytes = 4096, nameOf = (name) => `memory.${name}` }: ResolveOptions,
): ResolvedLimits {
  // A caller without TypeScript can pass anything.
  const given: unknown = option;
  if (typeof given === 'number' || typeof given === 'string') return { max: size('memory', given, pageBytes) };
  if (!isRecord(given)) throw invalidArgument('memory', `a size or an object of ${NAMES.join(', ')}`, given);
  refuseUnknown(given, { of, within: 'memory', known: NAMES, aliases: ALIASES });
  const entries = NAMES.filter((name) => given[name] !== undefined).map((name) => [
    name,
    PARSERS[name](nameOf(name), given[name], pageBytes),
  ]);
  return Object.fromEntries(entries) as ResolvedLimits;
}

function size(option: string, value: unknown, pageBytes: number): number {
  return parseSize(option, value, { pageBytes });
}

function sizeOrNone(option: string, value: unknown, pageBytes: number): number {
  return parseSize(option, value, { min: 0, pageBytes });
}

function swappiness(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SWAPPINESS) return value;
  throw invalidArgument(option, `an integer from 0 to ${MAX_SWAPPINESS}`, value);
}

function flag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(option, 'true or false', value);
}
