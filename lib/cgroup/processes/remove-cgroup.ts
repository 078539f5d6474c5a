import { spendOfShare, untilShare } from '../../common/event-loop/time-slices';
import { pauseSync, untilNextIteration, waitMs } from '../../common/event-loop/timers';
import { type CgroupDirectory, withAccess } from '../directory/directory';
import { cgroupError, refusedWith } from '../directory/refusal';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 250;
const UNDO_MS = 2000;
/** How long what nobody waits for keeps the process alive: until killed processes are gone, if the kernel is not slow. */
export const UNAWAITED_MS = 250;

/** A payload may have made thousands of cgroups below its own. The event loop goes on after each slice. */
const SLICE_MS = 25;

/** 'busy': processes are left in it or below it; 'more': there was no time for all of it. */
export type Removal = 'removed' | 'busy' | 'more';

/**
 * Removes a cgroup and those below it, as far as that is possible without holding up the event loop. After SIGKILL it
 * takes a moment until the processes have ended, and until the kernel is done with them (EBUSY).
 */
export function removeStep(directory: CgroupDirectory): Removal {
  return removed(directory) ? 'removed' : withAccess(directory, () => removeFromBelow(directory));
}

/** {@link removeStep} for callers that try again, whatever is left. */
export function removeTree(directory: CgroupDirectory): boolean {
  return removeStep(directory) === 'removed';
}

/**
 * Undoes a step after a failure. It never throws, since the error to report is that failure's. A cgroup that can't be
 * removed now is removed at the end of its owner, or by the next memcage.
 */
export function undo(step: () => void): void {
  try {
    step();
  } catch {
    // For example, no fd is free, which may be what failed before.
  }
}

/** {@link undo}, tried again for a while until `step` returns true, should the kernel be short of something. */
export function undoPatiently(step: () => boolean): void {
  const attempt = (): boolean => {
    let isDone = false;
    undo(() => {
      isDone = step();
    });
    return isDone;
  };
  if (!attempt()) void retry(attempt, UNDO_MS, UNAWAITED_MS);
}

/** Undoes the making of a directory. */
export function undoMake(directory: CgroupDirectory): void {
  undoPatiently(() => removeTree(directory));
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
  // Whoever closed it has removed it, or leaves that to the guardian and the next memcage.
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

/** Whether the event loop should go on before anything else is done here. */
export function tookLong(startMs: number): boolean {
  return performance.now() - startMs >= SLICE_MS;
}

/** How long to wait before attempt n (from 0). */
function retryWaitMs(attempt: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempt, 10), LONGEST_WAIT_MS);
}

/**
 * Repeats `attempt` with growing waits until it returns true. False if that takes longer than `timeoutMs`. The first attempt is
 * made at once, unless many callers in the same iteration of the event loop have made theirs.
 *
 * @param aliveMs how long it keeps the process alive. Default: to its end, since an outcome or a close() depends on it
 */
export async function retry(
  attempt: () => boolean,
  timeoutMs: number,
  aliveMs = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  let end: number | undefined;
  for (let count = 0; ; count += 1) {
    const share = untilShare();
    if (share !== undefined) await share;
    end ??= performance.now() + timeoutMs;
    const start = performance.now();
    const isDone = attempt();
    const now = performance.now();
    spendOfShare(now - start);
    if (isDone) return true;
    if (now >= end) return false;
    if (tookLong(start)) {
      // The attempt made progress, and the next one will. No timer: two callers with timers would starve everything else.
      count = -1;
      await untilNextIteration();
    } else {
      await waitMs(retryWaitMs(count), { keepsAlive: now < end - timeoutMs + aliveMs });
    }
  }
}

/** {@link retry}, but blocking: for the end of the process, when no timer fires any more. */
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
