import type { CgroupDirectory } from '../cgroup/directory';
import { type Guard, killAll } from '../cgroup/kill';
import { SELF_LEAF } from '../cgroup/parent/names';
import { removeTree, retry } from '../cgroup/remove';
import { tryLock, unlock } from './locked-directory';

/** Prefix of the directory that holds all cages of one owner: one environment (main thread, worker) of one process. */
export const OWNER_PREFIX = `memcage-${process.pid}-`;
/** Prefix of the cage of a detached child, which outlives its owner. */
export const DETACHED_PREFIX = `memcage-detached-${process.pid}-`;

const OWNER_NAME = /^memcage-\d+-[0-9a-f]+$/;
const DETACHED_NAME = /^memcage-detached-\d+-[0-9a-f]+$/;
const PATIENCE_MS = 10_000;

/**
 * Kill and remove what dead owners have left in a cgroup, and what their detached children have left empty. Whatever goes
 * wrong here is no reason not to start a child: the next memcage tries again.
 *
 * @param kind of the guard hierarchy that `parent` is in; undefined for the memory hierarchy
 */
export function sweep(parent: CgroupDirectory, kind: Guard['kind'] | undefined): void {
  try {
    for (const name of parent.children()) {
      if (OWNER_NAME.test(name)) sweepOwner(parent.below(name), kind);
      else if (DETACHED_NAME.test(name)) sweepDetached(parent.below(name));
      // Nobody is in it any more; or it is refused.
      else if (SELF_LEAF.test(name)) removeTree(parent.below(name));
    }
  } catch {}
}

function sweepOwner(directory: CgroupDirectory, kind: Guard['kind'] | undefined): void {
  const locked = tryLock(directory);
  if (locked === undefined) return;
  const attempt = (): boolean => {
    killAll(locked, kind === undefined ? undefined : { kind, directory: locked });
    return removeTree(locked);
  };
  retry(attempt, PATIENCE_MS)
    .catch(() => {})
    .finally(() => unlock(locked));
}

function sweepDetached(directory: CgroupDirectory): void {
  const locked = tryLock(directory);
  if (locked === undefined) return;
  try {
    removeTree(directory);
  } finally {
    unlock(locked);
  }
}
