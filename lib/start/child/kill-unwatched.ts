import { constants } from 'node:os';
import type { NativeBinding } from '../../../types/native';
import { undo } from '../../cgroup/processes/remove-cgroup';
import { watcher } from '../../common/addon/watcher';
import type { HeldChild } from './held-child';

/** How long to wait for the child's end: longer than a killed process takes. */
const END_MS = 100;
/** How long to wait for the end of a child that was thawed. After that the watcher's thread waits, and the event loop goes on. */
const THAW_MS = 1000;

/**
 * Kills a child that the caller never gets to know, and closes its pidfd. Blocks until the child has ended, but no longer than a
 * second or so: v1's freezer, or a file system that does not answer, may hold it for ever.
 */
export function killUnwatched(
  native: NativeBinding,
  pidfd: number,
  held: Pick<HeldChild, 'killAll'> | undefined,
): void {
  native.unwatch({ fd: pidfd });
  const close = (): void => native.closeFd({ fd: pidfd });
  try {
    native.pidfdSendSignal({ pidfd, signal: constants.signals.SIGKILL });
  } catch {
    // Someone else reaped it. Or its program runs as another user (EPERM): then it can't be killed, so don't wait.
    close();
    return;
  }
  let hasEnded = hasEndedWithin(native, pidfd, END_MS);
  if (!hasEnded) {
    // This thaws it. One that the freezer holds takes SIGKILL only then.
    undo(() => held?.killAll());
    hasEnded = hasEndedWithin(native, pidfd, THAW_MS);
  }
  if (!hasEnded) {
    watcher().child(pidfd, { detached: false, ending: undefined }, close);
    return;
  }
  undo(() => native.reap({ pidfd }));
  close();
}

function hasEndedWithin(native: NativeBinding, pidfd: number, timeoutMs: number): boolean {
  try {
    return native.waitReadable({ fd: pidfd, timeoutMs });
  } catch {
    return false;
  }
}
