import type { CgroupDirectory } from '../cgroup/directory';
import { openDirectory } from '../cgroup/host';
import { type Guard, killAll } from '../cgroup/kill';
import { ownKind } from '../cgroup/own-names';
import { removeTree, retry } from '../cgroup/remove';
import { cgroupsBelow } from '../cgroup/walk';
import { waitForTurn } from '../wait';
import { tryLock } from './locked-directory';
import { sweepOne } from './sweep';

/** For the processes of an owner to be gone once they are killed. */
const PATIENCE_MS = 1000;

/** As `sweep`, but the event loop has its turn after each cage. */
export async function sweepInSteps(path: string, guard: Guard['kind'] | undefined): Promise<void> {
  try {
    const parent = openDirectory(path);
    try {
      for (const name of parent.children()) {
        const kind = ownKind(name);
        if (kind === undefined) continue;
        const directory = parent.below(name);
        if (kind === 'owner') await emptyInSteps(directory, guard).catch(() => {});
        // What is stuck is tried again later, without keeping the caller.
        sweepOne(kind, directory, guard).catch(() => {});
        await waitForTurn();
      }
    } finally {
      parent.close();
    }
  } catch {}
}

async function emptyInSteps(directory: CgroupDirectory, guard: Guard['kind'] | undefined): Promise<void> {
  const locked = tryLock(directory);
  if (locked === undefined) return;
  try {
    const deepestFirst = [...cgroupsBelow(locked)].map(({ directory: each }) => each).reverse();
    // All are killed before the first is removed, since their processes take a moment to be gone.
    for (const each of deepestFirst) {
      killAll(each, guard === undefined ? undefined : { kind: guard, directory: each });
      await waitForTurn();
    }
    const endMs = performance.now() + PATIENCE_MS;
    for (const each of deepestFirst) {
      await retry(() => removeTree(each), endMs - performance.now());
      await waitForTurn();
    }
  } finally {
    locked.close();
  }
}
