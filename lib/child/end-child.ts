import { constants } from 'node:os';
import type { NativeBinding } from '../../types/native';

/** End a child that nobody is going to hear of, and give its pidfd back. Blocks until it has ended. */
export function endChild(native: NativeBinding, pidfd: number): void {
  native.unwatch({ fd: pidfd });
  try {
    native.pidfdSendSignal({ pidfd, signal: constants.signals.SIGKILL });
    native.reap({ pidfd });
  } catch {
    // Someone else has reaped it; or its program is another user's (EPERM), for whose end there is no waiting here.
  }
  native.closeFd({ fd: pidfd });
}
