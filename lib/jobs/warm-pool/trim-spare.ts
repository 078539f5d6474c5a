import type { PoolPlan } from './pool-options';
import type { WarmChild } from './warm-child';

/** How long a child waits before it is trimmed: it may be taken soon, and its first answer should not wait for that. */
const TRIM_AFTER_MS = 1000;

/** Gives back memory of a child, if it still waits then. */
export function trimSoon(child: WarmChild, { isShared }: Pick<PoolPlan, 'isShared'>): void {
  const timer = setTimeout(() => void trim(child, isShared), TRIM_AFTER_MS).unref();
  child.whenUnwatched(() => clearTimeout(timer));
}

async function trim(child: WarmChild, isShared: boolean): Promise<void> {
  // The memory of a shared cage is that of children that work, too.
  if (!(await child.trim()) || isShared) return;
  try {
    const cgroup = child.child.cage?.cgroup;
    if (cgroup?.version === 2) await cgroup.reclaim('max');
  } catch {
    // Nothing holds such a cage, the kernel is older than 5.19, or the child has ended meanwhile: it gives back less.
  }
}
