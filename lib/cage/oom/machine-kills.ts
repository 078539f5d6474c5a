import { readFileSync } from 'node:fs';

/** How old the count at a child's start may be. An older one is as valid, and a new one would cost every start. */
const OLDEST_MS = 1000;

let last = { kills: 0, timeMs: Number.NEGATIVE_INFINITY };

/**
 * Number of processes on the whole machine that the kernel has killed for memory, whoever's limit it was. NaN, which
 * equals no count, if the kernel does not count them (before Linux 4.13).
 */
export function machineKills(): number {
  const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8')) ?? [];
  last = { kills: Number(count ?? Number.NaN), timeMs: performance.now() };
  return last.kills;
}

/** Like {@link machineKills}, but the count may be up to a second old. */
export function machineKillsBefore(): number {
  return performance.now() - last.timeMs < OLDEST_MS ? last.kills : machineKills();
}
