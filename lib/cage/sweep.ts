import type { CgroupDirectory } from '../cgroup/directory/directory';
import { type OwnKind, ownKind } from '../cgroup/names/own-names';
import { killAll } from '../cgroup/processes/kill';
import { removeTree, retry } from '../cgroup/processes/remove';
import { tryLock } from './locked-directory';

/** Prefix of the directory that holds all cages of one owner: one environment (main thread, worker) of one process. */
export const OWNER_PREFIX = `memcage-${process.pid}-`;
/** Prefix of the cage of a detached child, which outlives its owner. */
export const DETACHED_PREFIX = `memcage-detached-${process.pid}-`;

const PATIENCE_MS = 10_000;

/** What became of one: `in use`, since its owner lives or somebody is in it, or `left`, since it could not be emptied. */
export type Swept = 'removed' | 'in use' | 'left';

/**
 * Kill and remove what dead owners have left in a cgroup, and what their detached children have left empty. Whatever goes
 * wrong here is no reason not to start a child: the next memcage tries again.
 */
export function sweep(parent: CgroupDirectory): void {
  try {
    for (const name of parent.children()) {
      const kind = ownKind(name);
      if (kind !== undefined) sweepOne(kind, parent.below(name)).catch(() => {});
    }
  } catch {}
}

/** The same with one directory. The first attempt is made at once. */
export async function sweepOne(kind: OwnKind, directory: CgroupDirectory): Promise<Swept> {
  if (kind === 'leaf') return removeTree(directory) ? 'removed' : 'in use';
  const locked = tryLock(directory);
  if (locked === undefined) return directory.exists() ? 'in use' : 'removed';
  try {
    if (kind === 'detached') return removeTree(directory) ? 'removed' : 'in use';
    const attempt = (): boolean => {
      killAll(locked);
      return removeTree(locked);
    };
    return (await retry(attempt, PATIENCE_MS)) ? 'removed' : 'left';
  } finally {
    locked.close();
  }
}
