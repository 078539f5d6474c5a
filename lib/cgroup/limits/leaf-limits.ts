import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { isGone } from '../directory/refusal';
import type { CgroupVersion } from '../files/formats';
import { hasRole, type MemoryRole, memoryFile } from '../files/roles';
import { kindOf } from '../names/own-names';
import type { ResolvedLimits } from './cage-limits';
import { readHardLimits, readMemoryFile, writeLimits } from './limit-files';
import { planLimits } from './limit-plan';

/**
 * What the leaves of a shared cage repeat of its limits: a program reads only the limit of its own cgroup. When the
 * limit of the cage changes, they follow.
 */
export interface RepeatedLimits {
  max: number;
  /** Undefined if swap is not accounted. */
  swap: number | undefined;
  /** Undefined if this version can't turn the OOM killer off. */
  oomKill: boolean | undefined;
}

const REPEATED: readonly MemoryRole[] = ['max', 'memsw', 'swap', 'oomKill', 'oomGroup'];

// An OOM at the leaf's limit would kill only the leaf. With oomGroup, the cage's limit must be the one that is hit, and
// with this much more in the leaf it is.
const GROUP_KILL_MARGIN_BYTES = 64 * 1024;

/** What a leaf of the cage has to repeat now. */
export function limitsToRepeat(cage: CgroupDirectory, version: CgroupVersion): RepeatedLimits {
  const limits = readRepeated(cage, version);
  const killsGroup = hasRole('oomGroup', version) && readMemoryFile(cage, version, 'oomGroup') === true;
  return killsGroup ? { ...limits, max: limits.max + GROUP_KILL_MARGIN_BYTES } : limits;
}

/** What a new leaf, which has no limits yet, is given so that it repeats those of its cage. */
export function firstLimits({ max, swap, oomKill }: RepeatedLimits): ResolvedLimits {
  const isLimited = max !== Number.POSITIVE_INFINITY;
  return {
    ...(isLimited && { max }),
    ...(swap !== undefined && (isLimited || swap !== Number.POSITIVE_INFINITY) && { swap }),
    ...(oomKill === false && { oomKill }),
  };
}

/** Whether an interface file has something that leaves repeat. */
export function isRepeated(file: string, version: CgroupVersion): boolean {
  return REPEATED.some((role) => hasRole(role, version) && memoryFile(role, version) === file);
}

/** Changes limits of a cgroup. If that is a shared cage, whichever process made it, its leaves follow. */
export function changeWithLeaves(directory: CgroupDirectory, version: CgroupVersion, change: () => void): void {
  if (kindOf(directory.path) !== 'cage') {
    change();
    return;
  }
  const before = limitsToRepeat(directory, version);
  change();
  // Listed after the change: the maker of a leaf looks for one once the leaf is there.
  const after = limitsToRepeat(directory, version);
  for (const name of directory.children()) {
    const below = directory.below(name);
    if (kindOf(below.path) === 'following leaf') followLimits(below, version, { before, after });
  }
}

/** Has a leaf repeat what has changed in its cage, unless somebody has given it a lower limit. */
export function followLimits(
  leaf: CgroupDirectory,
  version: CgroupVersion,
  { before, after }: { before: RepeatedLimits; after: RepeatedLimits },
): void {
  if (isSameRepeated(before, after)) return;
  try {
    const now = readRepeated(leaf, version);
    if (now.max < before.max) return;
    // The leaf's maker has not written all its limits yet, and has it follow afterwards. Limits from here would have v1 refuse
    // one that the maker writes.
    if (isYetUnlimited(now.max, before.max) || isYetUnlimited(now.swap, before.swap)) return;
    if (!isSameRepeated(now, after)) changeLimits(leaf, version, present(after));
  } catch (error) {
    // The leaf's child has ended; or v1 can't lower the limit, since more is in use. Then the limit of the cage holds.
    if (isGone(error) || (error instanceof MemcageError && error.code === ErrorCode.LIMIT_REFUSED)) return;
    throw error;
  }
}

/** Changes limits of one cgroup. Those that are left out stay. If one is refused, none has changed. */
export function changeLimits(directory: CgroupDirectory, version: CgroupVersion, limits: ResolvedLimits): void {
  const { max, swap } = readHardLimits(directory, version);
  const plan = planLimits(limits, {
    version,
    swapAccounting: swap !== undefined,
    tcpAccounting: directory.has(memoryFile('tcp', 1)),
    current: { max, swap: swap ?? Number.POSITIVE_INFINITY },
    pageBytes: directory.native.constants.pageSize,
  });
  writeLimits(directory, version, plan.writes);
}

function readRepeated(directory: CgroupDirectory, version: CgroupVersion): RepeatedLimits {
  const control = hasRole('oomKill', version) ? readMemoryFile(directory, version, 'oomKill') : undefined;
  return { ...readHardLimits(directory, version), oomKill: control && !control.oomKillDisable };
}

function isYetUnlimited(now: number | undefined, before: number | undefined): boolean {
  return now === Number.POSITIVE_INFINITY && before !== Number.POSITIVE_INFINITY;
}

export function isSameRepeated(one: RepeatedLimits, other: RepeatedLimits): boolean {
  return one.max === other.max && one.swap === other.swap && one.oomKill === other.oomKill;
}

function present({ max, swap, oomKill }: RepeatedLimits): ResolvedLimits {
  return { max, ...(swap !== undefined && { swap }), ...(oomKill !== undefined && { oomKill }) };
}
