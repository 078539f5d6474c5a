import type { MemoryLimits, MemoryOption } from '../../../types/options';
import { ErrorCode, invalidArgument, MemcageError } from '../../errors/errors';
import { isRecord, refuseUnknown } from '../../options/option-names';
import { checkSize } from '../../text/size';
import type { CgroupVersion } from '../files/formats';
import { type MemoryRole, memoryFile } from '../files/roles';

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

/** One write to an interface file. */
export interface LimitWrite {
  /** Name of the file in the cgroup's directory. */
  file: string;
  value: string;
  /** The option it came from, for errors: `memory.max`. */
  option: string;
}

/** The writes that put limits in force, in the order that the kernel wants. */
export interface LimitPlan {
  /** Before any process joins. */
  writes: LimitWrite[];
  /** After the clone has returned: with `memory.oom.group` the kernel would kill the parent of a vfork child too. */
  deferred: LimitWrite[];
  /** The limit in force afterwards, in bytes. */
  max: number;
  /** Whether swap is limited afterwards, or there is none. */
  swapLimited: boolean;
}

/** Bytes, `Infinity` when unlimited; `swap` is swap alone. */
interface HardLimits {
  max: number;
  swap: number;
}

/** The machine and the cgroup that limits are planned for. */
export interface LimitContext {
  version: CgroupVersion;
  /** Whether the files that limit swap exist. */
  swapAccounting: boolean;
  /** Whether TCP buffers are counted apart from the rest (v1). Default: false. */
  tcpAccounting?: boolean;
  /** Whether the machine has swap. */
  swapOn: boolean;
  /**
   * Limits in force; v1: `swap` is the memsw limit minus `max`, `Infinity` when that is unlimited or not accounted.
   * Default: a fresh cgroup, unlimited.
   */
  current?: HardLimits;
  /** Default: 4096. */
  pageBytes?: number;
}

interface ResolveOptions {
  /** The function whose option it is, for errors. */
  of: string;
  /** Size of a page. Default: 4096. */
  pageBytes?: number;
}

const MAX_SWAPPINESS = 200;
/** Sizes that neither kill nor depend on each other. */
const GENTLE = ['soft', 'high', 'low', 'min', 'swapHigh', 'zswap'] as const;
const UNLIMITED: HardLimits = { max: Number.POSITIVE_INFINITY, swap: Number.POSITIVE_INFINITY };

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
export function resolveLimits(option: MemoryOption, { of, pageBytes = 4096 }: ResolveOptions): ResolvedLimits {
  // A caller without TypeScript can pass anything.
  const given: unknown = option;
  if (typeof given === 'number' || typeof given === 'string') return { max: size('memory', given, pageBytes) };
  if (!isRecord(given)) throw invalidArgument('memory', `a size or an object of ${NAMES.join(', ')}`, given);
  refuseUnknown(given, { of, within: 'memory', known: NAMES, aliases: ALIASES });
  const entries = NAMES.filter((name) => given[name] !== undefined).map((name) => [
    name,
    PARSERS[name](`memory.${name}`, given[name], pageBytes),
  ]);
  return Object.fromEntries(entries) as ResolvedLimits;
}

/**
 * Which files get which values, in which order. Values are whole pages, as the kernel rounds down, so that what is
 * written is what is read back.
 *
 * @throws MemcageError `ERR_MEMCAGE_NOT_IN_VERSION`, `ERR_MEMCAGE_NO_SWAP_ACCOUNTING`; TypeError
 * `ERR_MEMCAGE_INVALID_ARGUMENT` for `swap` without `max` on v1.
 */
export function planLimits(resolved: ResolvedLimits, context: LimitContext): LimitPlan {
  const { version, pageBytes = 4096 } = context;
  const limits = roundToPages(resolved, pageBytes);
  const { max: maxNow, swap: swapNow } = context.current ?? UNLIMITED;
  // What is not accounted is not limited, whatever the caller made of the missing file.
  const current = { max: maxNow, swap: context.swapAccounting ? swapNow : Number.POSITIVE_INFINITY };
  const swap = swapTarget(limits, current, context.swapAccounting);
  const hard = version === 1 ? hardLimitsV1(limits, swap, current) : hardLimitsV2(limits, swap);
  // They would be limited by nothing: v1 does not even count them without this.
  if (context.tcpAccounting === true && limits.max !== undefined) {
    hard.push({ ...write('tcp', version, sizeText(limits.max, version)), option: 'memory.max' });
  }

  const flags: LimitWrite[] = [];
  const deferred: LimitWrite[] = [];
  // False on v1 and true on v2 are what these versions always do.
  if (limits.oomGroup !== undefined && (version === 2 || limits.oomGroup)) {
    deferred.push(write('oomGroup', version, limits.oomGroup ? '1' : '0'));
  }
  if (limits.oomKill !== undefined && (version === 1 || !limits.oomKill)) {
    flags.push(write('oomKill', version, limits.oomKill ? '0' : '1'));
  }
  if (limits.swappiness !== undefined) flags.push(write('swappiness', version, String(limits.swappiness)));

  const gentle = GENTLE.flatMap((name) => {
    const bytes = limits[name];
    return bytes === undefined ? [] : [write(name, version, sizeText(bytes, version))];
  });
  // After the error that says that this version has no such limit at all.
  if (limits.swapHigh !== undefined && !context.swapAccounting) throw noSwapAccounting('memory.swapHigh');
  const swapAfter = swap ?? current.swap;
  return {
    writes: [...flags, ...gentle, ...hard],
    deferred,
    max: limits.max ?? current.max,
    swapLimited: !context.swapOn || swapAfter !== Number.POSITIVE_INFINITY,
  };
}

/** The swap limit to bring about; undefined: leave it as it is. */
function swapTarget(limits: ResolvedLimits, current: HardLimits, accounting: boolean): number | undefined {
  if (limits.swap !== undefined) {
    if (accounting) return limits.swap;
    if (limits.swap === Number.POSITIVE_INFINITY) return undefined;
    throw noSwapAccounting('memory.swap');
  }
  // The first limit of a cgroup includes swap, or it would not limit much. Later ones leave alone what was set once.
  const first = current.max === Number.POSITIVE_INFINITY && current.swap === Number.POSITIVE_INFINITY;
  const limited = limits.max !== undefined && limits.max !== Number.POSITIVE_INFINITY;
  return accounting && first && limited ? 0 : undefined;
}

function noSwapAccounting(option: string): MemcageError {
  return new MemcageError(
    ErrorCode.NO_SWAP_ACCOUNTING,
    `${option} can not be set: this kernel does not account swap per cgroup (boot it with swapaccount=1)`,
  );
}

/** v2: swap first, so that a `max` below the use doesn't push into swap what was to stay out of it. */
function hardLimitsV2({ max }: ResolvedLimits, swap: number | undefined): LimitWrite[] {
  const writes: LimitWrite[] = [];
  if (swap !== undefined) writes.push(write('swap', 2, sizeText(swap, 2)));
  if (max !== undefined) writes.push(write('max', 2, sizeText(max, 2)));
  return writes;
}

/**
 * v1 limits the sum of memory and swap, which the kernel never lets fall below the limit of memory (EINVAL): what grows
 * is written first when it is the sum, last when it is the limit.
 */
function hardLimitsV1(limits: ResolvedLimits, swap: number | undefined, current: HardLimits): LimitWrite[] {
  const max = limits.max ?? current.max;
  if (max === Number.POSITIVE_INFINITY && swap !== undefined && swap !== Number.POSITIVE_INFINITY) {
    throw invalidArgument(
      'memory.max',
      'a limit together with memory.swap (cgroup v1 limits the sum of both)',
      limits.max,
    );
  }
  const writes = limits.max === undefined ? [] : [write('max', 1, sizeText(limits.max, 1))];
  const before = current.max + current.swap;
  const after = max + (swap ?? current.swap);
  if (after === before && (swap === undefined || swap === current.swap)) return writes;
  const memsw: LimitWrite = { ...write('memsw', 1, sizeText(after, 1)), option: 'memory.swap' };
  return after >= before ? [memsw, ...writes] : [...writes, memsw];
}

function write(name: MemoryRole, version: CgroupVersion, value: string): LimitWrite {
  const option = `memory.${name}`;
  return { file: memoryFile(name, version, option), value, option };
}

function sizeText(bytes: number, version: CgroupVersion): string {
  if (bytes === Number.POSITIVE_INFINITY) return version === 1 ? '-1' : 'max';
  return String(bytes);
}

function roundToPages(limits: ResolvedLimits, pageBytes: number): ResolvedLimits {
  const rounded = { ...limits };
  for (const name of ['max', 'swap', ...GENTLE] as const) {
    const bytes = rounded[name];
    // Infinity % n is NaN.
    if (bytes !== undefined && bytes !== Number.POSITIVE_INFINITY) rounded[name] = bytes - (bytes % pageBytes);
  }
  return rounded;
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
