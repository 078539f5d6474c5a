import { readFileSync } from 'node:fs';

/** How old a count may be that a life begins with: an earlier one is as true, and every start would pay for a newer. */
const OLDEST_MS = 1000;

let last = { kills: 0, timeMs: Number.NEGATIVE_INFINITY };

/**
 * Processes of the whole machine that the kernel has killed for memory, whoever's limit it was; NaN, which no count is
 * equal to, where it does not count them (before Linux 4.13).
 */
export function machineKills(): number {
  const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1')) ?? [];
  last = { kills: Number(count ?? Number.NaN), timeMs: performance.now() };
  return last.kills;
}

/** The same, as of a moment ago. */
export function machineKillsBefore(): number {
  return performance.now() - last.timeMs < OLDEST_MS ? last.kills : machineKills();
}
