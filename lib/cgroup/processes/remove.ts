import { pauseSync } from '../../event-loop/pause-sync';
import { waitForTurn, waitMs } from '../../event-loop/wait-for-turn';
import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, refusedWith } from '../directory/refusal';
import { withAccess } from '../directory/with-access';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 250;

/** A payload may have made thousands of cgroups below its own: the event loop turns between the parts of their removal. */
const SLICE_MS = 25;

/** 'busy': processes are left in it or below; 'more': there was no time for all of it. */
export type Removal = 'removed' | 'busy' | 'more';

/**
 * Remove a cgroup and those below it, as far as that goes without holding up the event loop. The end of its processes, and
 * of what the kernel still does for them (EBUSY), takes a moment after SIGKILL.
 */
export function removeStep(directory: CgroupDirectory): Removal {
  return removed(directory) ? 'removed' : withAccess(directory, () => removeFromBelow(directory));
}

/** {@link removeStep}, for who tries again whatever is left. */
export function removeTree(directory: CgroupDirectory): boolean {
  return removeStep(directory) === 'removed';
}

/**
 * Take back what was done before a failure, whose error is the one to be told. What can't be removed now is by the end of its
 * owner, or the next memcage.
 */
export function undo(step: () => void): void {
  try {
    step();
  } catch {
    // For want of an fd, say, which is what has failed before.
  }
}

function removeFromBelow(directory: CgroupDirectory): Removal {
  try {
    const left = directory.removeBelow(SLICE_MS);
    if (left !== 'nothing') return left;
  } catch (error) {
    if (!directory.exists()) return 'removed';
    throw cgroupError(error, 'remove', directory.path);
  }
  return removed(directory) ? 'removed' : 'busy';
}

function removed(directory: CgroupDirectory): boolean {
  // Who closes it has removed it, or leaves that to the guardian and the next memcage.
  if (directory.isClosed) return true;
  try {
    directory.remove();
    return true;
  } catch (error) {
    if (refusedWith(error, 'ENOENT', 'ENODEV')) return true;
    if (refusedWith(error, 'EBUSY', 'ENOTEMPTY')) return false;
    throw cgroupError(error, 'remove', directory.path);
  }
}

/** Whether the event loop is to turn before anything else is done here. */
export function tookLong(startMs: number): boolean {
  return performance.now() - startMs >= SLICE_MS;
}

/** How long to wait before attempt n (from 0). */
function retryWaitMs(attempt: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempt, 10), LONGEST_WAIT_MS);
}

/** Repeat `attempt` with growing waits until it returns true; false when that took longer than `timeoutMs`. */
export async function retry(attempt: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let count = 0; ; count += 1) {
    const start = performance.now();
    if (attempt()) return true;
    const now = performance.now();
    if (now >= end) return false;
    if (tookLong(start)) {
      // It has got on, and the next will. No timer: two who retry would be called in turns, and nothing else.
      count = -1;
      await waitForTurn();
    } else {
      // Keeps the process alive: an outcome, or a close(), is waiting for it.
      await waitMs(retryWaitMs(count));
    }
  }
}

/** The same, blocking: for the end of the process, when no timer fires any more. */
export function retrySync(attempt: () => boolean, timeoutMs: number): boolean {
  const end = performance.now() + timeoutMs;
  for (let count = 0; ; count += 1) {
    const start = performance.now();
    if (attempt()) return true;
    const now = performance.now();
    if (now >= end) return false;
    if (tookLong(start)) count = 0;
    pauseSync(retryWaitMs(count));
  }
}
