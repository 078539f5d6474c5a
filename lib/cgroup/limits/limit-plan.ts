import { contradiction } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { mention, words } from '../../common/errors/words';
import { memoryController, sizeText } from '../files/controller';
import type { CgroupVersion } from '../files/formats';
import { type MemoryRole, memoryFile } from '../files/roles';
import type { ResolvedLimits } from './cage-limits';

/** The writes that put limits in force, in the order that the kernel requires. */
export interface LimitPlan {
  writes: LimitWrite[];
  /** The limit in force afterwards, in bytes. */
  max: number;
  /** Whether swap is limited afterwards. */
  swapLimited: boolean;
}

/** The machine and the cgroup for which limits are planned. */
export interface LimitContext {
  version: CgroupVersion;
  /** Whether the files that limit swap exist. */
  swapAccounting: boolean;
  /** Whether TCP buffers are accounted separately (v1). Default: false. */
  tcpAccounting?: boolean;
  /**
   * Limits in force. On v1, `swap` is the memsw limit minus `max`, or `Infinity` if that is unlimited or not accounted.
   * Default: unlimited, as in a new cgroup.
   */
  current?: HardLimits;
  /** Default: 4096. */
  pageBytes?: number;
}

/** Sizes that neither kill nor depend on each other. */
const GENTLE = ['soft', 'high', 'low', 'min', 'swapHigh', 'zswap'] as const;
const UNLIMITED: HardLimits = { max: Number.POSITIVE_INFINITY, swap: Number.POSITIVE_INFINITY };

/**
 * Plans which files get which values, in which order. Values are rounded down to whole pages, as the kernel does, so
 * that reading one back gives what was written.
 *
 * @throws MemcageError `ERR_MEMCAGE_NOT_IN_VERSION`, `ERR_MEMCAGE_NO_SWAP_ACCOUNTING`; TypeError
 * `ERR_MEMCAGE_INVALID_ARGUMENT` for `swap` without `max` on v1.
 */
export function planLimits(resolved: ResolvedLimits, context: LimitContext): LimitPlan {
  const { version, pageBytes = 4096 } = context;
  const limits = roundToPages(resolved, pageBytes);
  const { max: maxNow, swap: swapNow } = context.current ?? UNLIMITED;
  // Swap that is not accounted is not limited, whatever the caller passed for the missing file.
  const current = { max: maxNow, swap: context.swapAccounting ? swapNow : Number.POSITIVE_INFINITY };
  const swap = swapTarget(limits, current, context.swapAccounting);
  const hard = version === 1 ? planHardLimitsV1(limits, swap, current) : planHardLimitsV2(limits, swap);
  // v1 does not limit TCP buffers otherwise. It does not even count them without this limit.
  if (context.tcpAccounting === true && limits.max !== undefined) {
    hard.push({ ...limitWrite('tcp', version, sizeText(limits.max, version)), option: 'memory.max' });
  }

  const flags: LimitWrite[] = [];
  const { always } = memoryController(version);
  if (limits.oomGroup !== undefined && limits.oomGroup !== always.oomGroup) {
    flags.push(limitWrite('oomGroup', version, limits.oomGroup ? '1' : '0'));
  }
  if (limits.oomKill !== undefined && limits.oomKill !== always.oomKill) {
    flags.push(limitWrite('oomKill', version, limits.oomKill ? '0' : '1'));
  }
  if (limits.swappiness !== undefined) flags.push(limitWrite('swappiness', version, String(limits.swappiness)));

  const gentle = GENTLE.flatMap((name) => {
    const bytes = limits[name];
    return bytes === undefined ? [] : [limitWrite(name, version, sizeText(bytes, version))];
  });
  // Checked after `gentle`, whose error says that this version has no such limit at all.
  if (limits.swapHigh !== undefined && !context.swapAccounting) throw noSwapAccounting('memory.swapHigh');
  const swapAfter = swap ?? current.swap;
  return {
    writes: [...flags, ...gentle, ...hard],
    max: limits.max ?? current.max,
    swapLimited: swapAfter !== Number.POSITIVE_INFINITY,
  };
}

/** The swap limit to set; undefined: leave it as it is. */
function swapTarget(limits: ResolvedLimits, current: HardLimits, accounting: boolean): number | undefined {
  if (limits.swap !== undefined) {
    if (accounting) return limits.swap;
    if (limits.swap === Number.POSITIVE_INFINITY) return undefined;
    throw noSwapAccounting('memory.swap');
  }
  // The first limit of a cgroup includes swap, or it would not limit much. Later ones leave a swap limit alone.
  const first = current.max === Number.POSITIVE_INFINITY && current.swap === Number.POSITIVE_INFINITY;
  const limited = limits.max !== undefined && limits.max !== Number.POSITIVE_INFINITY;
  return accounting && first && limited ? 0 : undefined;
}

function noSwapAccounting(option: string): MemcageError {
  return new MemcageError(
    ErrorCode.NO_SWAP_ACCOUNTING,
    words`${mention(option)} can not be set: this kernel does not account swap per cgroup (boot it with swapaccount=1)`,
    { option },
  );
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

/** One write to an interface file. */
export interface LimitWrite {
  /** Name of the file in the cgroup's directory. */
  file: string;
  value: string;
  /** The option that it comes from, for errors: `memory.max`. */
  option: string;
}

/** In bytes; `Infinity` if unlimited. `swap` is swap alone, without memory. */
interface HardLimits {
  max: number;
  swap: number;
}

function limitWrite(name: MemoryRole, version: CgroupVersion, value: string): LimitWrite {
  const option = `memory.${name}`;
  return { file: memoryFile(name, version, option), value, option };
}

/**
 * v1 limits the sum of memory and swap. The kernel never lets that sum fall below the limit of memory (EINVAL), so a
 * sum that grows is written before the limit, and one that shrinks after it.
 */
function planHardLimitsV1(limits: ResolvedLimits, swap: number | undefined, current: HardLimits): LimitWrite[] {
  const max = limits.max ?? current.max;
  if (max === Number.POSITIVE_INFINITY && swap !== undefined && swap !== Number.POSITIVE_INFINITY) {
    const [given, needed] = [mention('memory.swap'), mention('memory.max')];
    throw contradiction('memory.swap', words`${given} needs ${needed} on cgroup v1, which limits the sum of both`);
  }
  const writes = limits.max === undefined ? [] : [limitWrite('max', 1, sizeText(limits.max, 1))];
  const before = current.max + current.swap;
  const after = max + (swap ?? current.swap);
  if (after === before) return writes;
  const memsw: LimitWrite = { ...limitWrite('memsw', 1, sizeText(after, 1)), option: 'memory.swap' };
  return after > before ? [memsw, ...writes] : [...writes, memsw];
}

/** Writes the limit of swap first: else a `max` below the usage would swap out what must not be swapped. */
function planHardLimitsV2({ max }: ResolvedLimits, swap: number | undefined): LimitWrite[] {
  const writes: LimitWrite[] = [];
  if (swap !== undefined) writes.push(limitWrite('swap', 2, sizeText(swap, 2)));
  if (max !== undefined) writes.push(limitWrite('max', 2, sizeText(max, 2)));
  return writes;
}
