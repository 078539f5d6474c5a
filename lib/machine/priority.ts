import { constants, getPriority, setPriority } from 'node:os';

/**
 * Runs `work` with the highest priority for the calling thread, where that is allowed (CAP_SYS_NICE). `work` must be
 * synchronous.
 */
export function withPriority(work: () => void): void {
  const before = getPriority();
  const raised = attempt(constants.priority.PRIORITY_HIGHEST);
  try {
    work();
  } finally {
    if (raised) attempt(before);
  }
}

function attempt(priority: number): boolean {
  try {
    // 0, the default, means the calling thread to the kernel: setpriority(2).
    setPriority(priority);
    return true;
  } catch {
    return false;
  }
}
