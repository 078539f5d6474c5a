import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { type CgroupVersion, parseFlatKeyed } from '../../cgroup/files/formats';
import { readHardLimits, readMemoryFile } from '../../cgroup/limits/limit-files';
import { kindsOf, type MemoryKinds, usedBytesOf } from '../../common/text/memory-kinds';

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

/** @param stat lines of `memory.stat` */
export function heldOf(
  stat: Readonly<Record<string, number>>,
  { usageBytes, swap, version }: { usageBytes: number; swap: number; version: CgroupVersion },
): HeldMemory {
  const kinds = kindsOf(stat, usageBytes, version);
  // v1 does not tell which part of the kernel's memory it can reclaim.
  const reclaimable = version === 1 ? 0 : Math.min(kinds.kernel, stat['slab_reclaimable'] ?? 0);
  return { kinds: { ...kinds, swap }, heldBytes: usedBytesOf(kinds) - reclaimable + swap, stat };
}
