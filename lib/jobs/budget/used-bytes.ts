import type { Cage } from '../../cage/contract/cage';

/** What a cage uses without page cache that the kernel can drop, in bytes; null if it can't be read. */
export function usedBytesOf(cage: Cage): number | null {
  if (cage.closing || cage.enforcedBy.kind !== 'kernel') return null;
  const { cgroup } = cage;
  try {
    const { usageBytes } = cgroup.usage();
    const stat = cgroup.get('memory.stat');
    const prefix = cgroup.version === 1 ? 'total_' : '';
    const droppable = (stat[`${prefix}inactive_file`] ?? 0) + (stat[`${prefix}active_file`] ?? 0);
    return Math.max(0, usageBytes - droppable);
  } catch {
    return null;
  }
}
