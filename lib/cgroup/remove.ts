import { setTimeout as sleep } from 'node:timers/promises';
import { withAccess } from './access';
import type { CgroupDirectory } from './directory';
import { pauseSync } from './pause';
import { cgroupError, refusedWith } from './refusal';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 250;

/**
 * Remove a cgroup and those below it. False while processes are left in it (EBUSY): their end, and that of what the
 * kernel still does for them, takes a moment after SIGKILL.
 */
export function removeTree(directory: CgroupDirectory): boolean {
  return removed(directory) || withAccess(directory, () => removeFromBelow(directory));
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

function removeFromBelow(directory: CgroupDirectory): boolean {
  let children: string[];
  try {
    children = directory.children();
  } catch (error) {
    if (!directory.exists()) return true;
    throw error;
  }
  let empty = true;
  for (const name of children) empty = removeTree(directory.below(name)) && empty;
  return empty && children.length > 0 ? removed(directory) : false;
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

/** How long to wait before attempt n (from 0). */
function retryWaitMs(attempt: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempt, 10), LONGEST_WAIT_MS);
}

/** Repeat `attempt` with growing waits until it returns true; false when that took longer than `timeoutMs`. */
export async function retry(attempt: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let count = 0; ; count += 1) {
    if (attempt()) return true;
    if (performance.now() >= end) return false;
    // Keeps the process alive: an outcome, or a close(), is waiting for it.
    await sleep(retryWaitMs(count));
  }
}

/** The same, blocking: for the end of the process, when no timer fires any more. */
export function retrySync(attempt: () => boolean, timeoutMs: number): boolean {
  const end = performance.now() + timeoutMs;
  for (let count = 0; ; count += 1) {
    if (attempt()) return true;
    if (performance.now() >= end) return false;
    pauseSync(retryWaitMs(count));
  }
}
