import { readFileSync } from 'node:fs';

/**
 * Milliseconds that this thread has had a processor, see /proc/PID/schedstat in the kernel's sched-stats. Where there is
 * no such file, the time that has passed, which is never less.
 */
export function threadCostMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}
