import type { NativeBinding } from '../../../../types/native';
import type { Look, Process } from './process';

/** What is used of the addon, where it can be loaded. */
export type Pidfds = Pick<NativeBinding, 'pidfdOpen' | 'pidfdSendSignal' | 'closeFd'>;

/** The numbers of these signals, the same on every architecture that memcage's addon is for. */
const NUMBERS = { SIGSTOP: 19, SIGKILL: 9 } as const;

/**
 * - `sent`: the process has got it.
 * - `gone`: there is no such process any more.
 * - `refused`: this process may not send it one.
 */
export type Answer = 'sent' | 'gone' | 'refused';

/** Sends a signal to that process, and to no other that has got its pid meanwhile. */
export function signal(
  process: Process,
  name: keyof typeof NUMBERS,
  look: Look,
  startTolerance: number,
  pidfds: Pidfds | undefined,
): Answer {
  const isStill = (): boolean => {
    const found = look.find(process.pid);
    return found !== undefined && !(Math.abs(found.start - process.start) > startTolerance);
  };
  try {
    if (pidfds === undefined) return isStill() ? byPid(process.pid, name) : 'gone';
    const pidfd = pidfds.pidfdOpen({ pid: process.pid });
    try {
      // From here on the pidfd means this process, even if it ends.
      if (!isStill()) return 'gone';
      pidfds.pidfdSendSignal({ pidfd, signal: NUMBERS[name] });
      return 'sent';
    } finally {
      pidfds.closeFd({ fd: pidfd });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return 'gone';
    if (code === 'EPERM') return 'refused';
    // No fd is free, a kernel before 5.3, a seccomp filter: it must be killed nevertheless.
    if (pidfds !== undefined) return signal(process, name, look, startTolerance, undefined);
    throw error;
  }
}

function byPid(pid: number, name: keyof typeof NUMBERS): Answer {
  process.kill(pid, name);
  return 'sent';
}
