import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupsBelow } from '../../cgroup/directory/walk';
import { openDirectory } from '../../cgroup/hierarchy/host';
import { ownKind } from '../../cgroup/names/own-names';
import { killAll } from '../../cgroup/processes/kill-cgroup';
import { removeTree, retry, UNAWAITED_MS } from '../../cgroup/processes/remove';
import { untilNextIteration } from '../../common/event-loop/timers';
import { tryLock } from './locked-directory';
import { scopesBeside, sweepOne } from './sweep';

/** How long to wait until an owner's killed processes are gone. */
const PATIENCE_MS = 1000;

/** Like `sweep`, but the event loop gets a turn after each cage. */
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
        // Not awaited: it retries what is stuck, and the caller need not wait for that.
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
    const deepestFirst = [...cgroupsBelow(locked)].map(({ directory: each }) => each).reverse();
    // Kill all before removing the first, since killed processes take a moment to be gone.
    for (const each of deepestFirst) {
      killAll(each);
      await untilNextIteration();
    }
    const endMs = performance.now() + PATIENCE_MS;
    for (const each of deepestFirst) {
      await retry(() => removeTree(each), endMs - performance.now());
      await untilNextIteration();
    }
  } finally {
    locked.close();
  }
}
