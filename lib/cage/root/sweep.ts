import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { type OwnKind, ownKind } from '../../cgroup/names/own-names';
import { killAll } from '../../cgroup/processes/kill';
import { removeTree, retry, UNAWAITED_MS } from '../../cgroup/processes/remove';
import { tryLock } from './locked-directory';

/** Prefix of a cage root, in which one thread (main thread or worker) of this process makes its cages. */
export const OWNER_PREFIX = `memcage-${process.pid}-`;
/** Prefix of the cage of a detached child, which outlives its owner. */
export const DETACHED_PREFIX = `memcage-detached-${process.pid}-`;

const PATIENCE_MS = 10_000;

/** What became of a directory. `in use`: its owner lives, or a process is in it. `left`: it could not be emptied. */
export type Swept = 'removed' | 'in use' | 'left';

/**
 * Kills and removes what dead owners left in a parent, and removes detached cages that are empty. A failure here must
 * not keep a child from starting: the next memcage tries again.
 */
export function sweep(parent: CgroupDirectory): void {
  try {
    for (const name of parent.children()) {
      const kind = ownKind(name);
      if (kind !== undefined) sweepOne(kind, parent.below(name), UNAWAITED_MS).catch(() => {});
    }
  } catch {}
}

/**
 * Sweeps one directory. The first attempt is made at once.
 *
 * @param aliveMs how long it keeps the process alive. Default: to its end
 */
export async function sweepOne(kind: OwnKind, directory: CgroupDirectory, aliveMs?: number): Promise<Swept> {
  if (kind === 'leaf') return removeTree(directory) ? 'removed' : 'in use';
  const locked = tryLock(directory);
  if (locked === undefined) return directory.exists() ? 'in use' : 'removed';
  try {
    if (kind === 'detached') return removeTree(directory) ? 'removed' : 'in use';
    const attempt = (): boolean => {
      killAll(locked);
      return removeTree(locked);
    };
    return (await retry(attempt, PATIENCE_MS, aliveMs)) ? 'removed' : 'left';
  } finally {
    locked.close();
  }
}
