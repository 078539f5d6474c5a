import { constants } from 'node:os';
import type { NativeBinding } from '../../types/native';

/** Kills a child that the caller never gets to know, and closes its pidfd. Blocks until the child has ended. */
export function endChild(native: NativeBinding, pidfd: number): void {
  native.unwatch({ fd: pidfd });
  try {
    native.pidfdSendSignal({ pidfd, signal: constants.signals.SIGKILL });
    native.reap({ pidfd });
  } catch {
    // Someone else reaped it. Or its program runs as another user (EPERM): then it can't be killed, so don't wait.
  }
  native.closeFd({ fd: pidfd });
}
