import { constants, getPriority, setPriority } from 'node:os';

/** The calling thread goes before others meanwhile, where it may (CAP_SYS_NICE). `work` must not be asynchronous. */
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
    // To the kernel 0, the default, is the calling thread: setpriority(2).
    setPriority(priority);
    return true;
  } catch {
    return false;
  }
}
