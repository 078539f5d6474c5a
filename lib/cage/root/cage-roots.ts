import { isMainThread } from 'node:worker_threads';
import { isGone } from '../../cgroup/directory/refusal';
import { foreseenHost, type Host, host } from '../../cgroup/hierarchy/host';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { defaultParent, foreseenParent, giveBackParent } from '../../cgroup/placement/default-parent';
import { loadNative } from '../../common/addon/load-native';
import { MemcageError } from '../../common/errors/errors';
import { closeKillLog } from '../oom/kernel-log';
import { CageRoot, cageVersion } from './cage-root';
import { sweepInSteps } from './sweep';

/** The cage roots of this thread, by the path of their parent. */
const roots = new Map<string, CageRoot>();
let isHooked = false;

/**
 * Calls `make` with the cage root below a parent. The first call for a parent makes that cage root.
 *
 * @param parent path of a memory cgroup; default: what `lib/cgroup/placement` finds
 */
export function withCageRoot<T>(parent: string | undefined, make: (root: CageRoot) => T): T {
  const current = host();
  const path = parent ?? defaultParent(current).path;
  try {
    return make(cageRootAt(current, path));
  } catch (error) {
    // Someone removed a cage that was made ahead, or even the cage root, which is empty without cages; or has disabled its
    // controllers.
    if (!isGone(error) && !(error instanceof MemcageError && roots.get(path)?.isGone === true)) throw error;
  }
  abandonGone();
  return make(cageRootAt(current, path));
}

/**
 * Why no cage with these limits can be made, or null if nothing is known that keeps one from being made. Makes, moves, starts and
 * remembers nothing. Throws what says nothing about this machine: no fd is free, or MEMCAGE_PARENT is no path.
 *
 * @param parent path of a memory cgroup; default: what `lib/cgroup/placement` would find
 */
export function whyNoCage(parent?: string, limits: CageLimits = { memory: {} }): MemcageError | null {
  try {
    const current = foreseenHost();
    const place = parent === undefined ? foreseenParent(current) : { path: parent, isReady: true };
    const root = place && roots.get(place.path);
    if (root === undefined || root.isGone) CageRoot.foresee(current, place, limits);
    else root.foresee(limits);
    return null;
  } catch (error) {
    if (error instanceof MemcageError) return error;
    throw error;
  }
}

/** Makes the cage root ahead of time. Its sweep never holds up the event loop, however much dead owners left. */
export async function prepareCageRoot(path: string): Promise<void> {
  const current = host();
  if (!roots.has(path)) {
    // The kill cgroups first: there the kernel can kill all processes at once.
    await cageVersion(current.version).sweepKillHierarchies(current);
    await sweepInSteps(path);
  }
  withCageRoot(path, () => {});
}

function cageRootAt(current: Host, path: string): CageRoot {
  let root = roots.get(path);
  if (root === undefined) {
    abandonGone();
    root = CageRoot.make(current, path);
    if (!isHooked) process.once('exit', removeCageRoots);
    isHooked = true;
    roots.set(path, root);
  }
  return root;
}

/** Forgets cage roots that are gone: a program may use and remove one parent after another. */
function abandonGone(): void {
  for (const [path, root] of roots) {
    if (!root.isGone) continue;
    roots.delete(path);
    root.abandon();
  }
}

/** Ends what this thread has made to have cages in. A later cage makes it again. */
export function removeCageRoots(): void {
  const all = [...roots.values()];
  // First: removing a cage root twice would close fds that are someone else's by then.
  roots.clear();
  for (const root of all) root.remove();
  closeKillLog();
  giveBackParent();
  if (isMainThread) loadNative().dismissGuardian();
}
