import { readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts; the kernel has it at 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** The time on the clock of the start of processes in /proc: ticks since the machine was started. */
export function ticksNow(): number {
  const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.floor(Number(uptime) * TICKS_PER_SECOND);
}
