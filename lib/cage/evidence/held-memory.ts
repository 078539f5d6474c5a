import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { unlessGone } from '../../cgroup/directory/refusal';
import { type CgroupVersion, parseFlatKeyed } from '../../cgroup/files/formats';
import { readHardLimits, readMemoryFile } from '../../cgroup/limits/limit-files';
import { kindsOf, type MemoryKinds, usedBytesOf, withKernel } from '../../common/text/memory-kinds';

/** What a cage holds, in bytes. */
export interface HeldMemory {
  kinds: MemoryKinds & { swap: number };
  /** What the kernel can't reclaim. */
  heldBytes: number;
  /** All lines of memory.stat. */
  stat: Readonly<Record<string, number>>;
}

export interface Capacity {
  maxBytes: number;
  /** Memory and swap. */
  bytes: number;
}

/** @param machineSwap what there is on the machine */
export function readCapacity(directory: CgroupDirectory, version: CgroupVersion, machineSwap: number): Capacity {
  const { max, swap = Number.POSITIVE_INFINITY } = readHardLimits(directory, version);
  return { maxBytes: max, bytes: max + Math.min(swap, machineSwap) };
}

/** All that is charged, page cache included. */
export function readUsage(directory: CgroupDirectory, version: CgroupVersion): number {
  return readMemoryFile(directory, version, 'usage') ?? 0;
}

export function readHeld(directory: CgroupDirectory, version: CgroupVersion, usageBytes: number): HeldMemory {
  const stat = parseFlatKeyed(directory.read('memory.stat'), directory.path);
  const swap = version === 1 ? (stat['total_swap'] ?? 0) : Number(directory.readIfPresent('memory.swap.current') ?? 0);
  return heldOf(stat, { usageBytes, swap, version });
}

/**
 * As {@link readHeld}, of a cage that is stopped. For up to 2 s its `memory.stat` may lack what that of a cgroup below it has: the
 * kernel does not always note upwards that there is something to add up (memcg_rstat_updated() in mm/memcontrol.c, Linux 6.18).
 */
export function readHeldStopped(directory: CgroupDirectory, version: CgroupVersion, usageBytes: number): HeldMemory {
  const { kinds, stat } = readHeld(directory, version, usageBytes);
  const below = directory.children().flatMap((name) => {
    const text = unlessGone(() => directory.below(name).readIfPresent('memory.stat'));
    return text === undefined ? [] : [kindsOf(parseFlatKeyed(text, name), 0, version)];
  });
  const most = (kind: Exclude<keyof MemoryKinds, 'kernel'>): number =>
    Math.max(
      kinds[kind],
      below.map((each) => each[kind]).reduce((sum, bytes) => sum + bytes, 0),
    );
  const known = { programs: most('programs'), pageCache: most('pageCache'), shared: most('shared') };
  return heldIn(withKernel(known, usageBytes), { stat, swap: kinds.swap, version });
}

/** @param stat lines of `memory.stat` */
export function heldOf(
  stat: Readonly<Record<string, number>>,
  { usageBytes, swap, version }: { usageBytes: number; swap: number; version: CgroupVersion },
): HeldMemory {
  return heldIn(kindsOf(stat, usageBytes, version), { stat, swap, version });
}

function heldIn(
  kinds: MemoryKinds,
  { stat, swap, version }: { stat: Readonly<Record<string, number>>; swap: number; version: CgroupVersion },
): HeldMemory {
  // v1 does not tell which part of the kernel's memory it can reclaim.
  const reclaimable = version === 1 ? 0 : Math.min(kinds.kernel, stat['slab_reclaimable'] ?? 0);
  return { kinds: { ...kinds, swap }, heldBytes: usedBytesOf(kinds) - reclaimable + swap, stat };
}
