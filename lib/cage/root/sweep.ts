import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { unlessGone } from '../../cgroup/directory/refusal';
import { cgroupsBelow } from '../../cgroup/directory/walk';
import { inDirectory, openDirectory } from '../../cgroup/hierarchy/host';
import { kindOf, type OwnKind, ownKind } from '../../cgroup/names/own-names';
import { killAll } from '../../cgroup/processes/kill-cgroup';
import { removeTree, retry, UNAWAITED_MS, undo } from '../../cgroup/processes/remove-cgroup';
import { untilNextIteration } from '../../common/event-loop/timers';
import { noteLeft } from './left-ends';
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
  sweepIn(parent);
  for (const path of scopesBeside(parent.path)) undo(() => inDirectory(path, sweepIn));
}

function sweepIn(parent: CgroupDirectory): void {
  undo(() => {
    for (const name of parent.children()) {
      const kind = ownKind(name);
      if (kind !== undefined) sweepOne(kind, parent.below(name), UNAWAITED_MS).catch(() => {});
    }
  });
}

/** For a scope that systemd made for this process: those of others, whose parents no later process has. */
function scopesBeside(path: string): string[] {
  if (kindOf(path) !== 'scope') return [];
  const slice = dirname(path);
  try {
    const beside = readdirSync(slice).map((name) => join(slice, name));
    return beside.filter((each) => each !== path && kindOf(each) === 'scope');
  } catch {
    return [];
  }
}

/**
 * Sweeps one directory. The first attempt is made at once.
 *
 * @param aliveMs how long it keeps the process alive. Default: to its end
 */
export async function sweepOne(kind: OwnKind, directory: CgroupDirectory, aliveMs?: number): Promise<Swept> {
  if (kind === 'self') return removeTree(directory) ? 'removed' : 'in use';
  const locked = tryLock(directory);
  if (locked === undefined) return directory.exists() ? 'in use' : 'removed';
  try {
    if (kind === 'detached') return removeTree(directory) ? 'removed' : 'in use';
    noteLeft(locked);
    const attempt = (): boolean => {
      unlessGone(() => killAll(locked));
      return removeTree(locked);
    };
    return (await retry(attempt, PATIENCE_MS, aliveMs)) ? 'removed' : 'left';
  } finally {
    locked.close();
  }
}

/** How long to wait until an owner's killed processes are gone. */
const OWNER_PATIENCE_MS = 1000;

/** {@link sweep} with a turn of the event loop after each cage. */
export async function sweepInSteps(path: string): Promise<void> {
  for (const each of [path, ...scopesBeside(path)]) await sweepOneInSteps(each);
}

async function sweepOneInSteps(path: string): Promise<void> {
  try {
    const parent = openDirectory(path);
    try {
      for (const name of parent.children()) {
        const kind = ownKind(name);
        if (kind === undefined) continue;
        const directory = parent.below(name);
        if (kind === 'owner') await emptyInSteps(directory).catch(() => {});
        // The sweep of one directory retries what is stuck, and the caller need not wait for that.
        sweepOne(kind, directory, UNAWAITED_MS).catch(() => {});
        await untilNextIteration();
      }
    } finally {
      parent.close();
    }
  } catch {}
}

async function emptyInSteps(directory: CgroupDirectory): Promise<void> {
  const locked = tryLock(directory);
  if (locked === undefined) return;
  try {
    noteLeft(locked);
    const deepestFirst = [...cgroupsBelow(locked)].map(({ directory: each }) => each).reverse();
    // Kill all before removing the first, since killed processes take a moment to be gone.
    for (const each of deepestFirst) {
      killAll(each);
      await untilNextIteration();
    }
    const endMs = performance.now() + OWNER_PATIENCE_MS;
    for (const each of deepestFirst) {
      await retry(() => removeTree(each), endMs - performance.now());
      await untilNextIteration();
    }
  } finally {
    locked.close();
  }
}
