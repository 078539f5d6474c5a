import { readFileSync } from 'node:fs';
import type { Cgroup } from '../../../../index';
import { readProcStat } from '../../read-proc';

/** A tick of /proc/<pid>/stat: USER_HZ is 100 on all machines that Node runs on. */
const US_PER_TICK = 10_000;
/** utime and stime among the fields after the name. */
const TIMES = [11, 12] as const;

/** The processor time that a cgroup has used at a moment. */
export interface CpuTime {
  atMs: number;
  /** v2: the time of the whole cgroup, with the key 0. v1: the time of each process, by pid. */
  usedUs: ReadonlyMap<number, number>;
}

/** The use from one reading to the next, in percent of one processor. */
export function cpuPercent(before: CpuTime, now: CpuTime): number {
  let usedUs = 0;
  for (const [key, used] of now.usedUs) usedUs += Math.max(0, used - (before.usedUs.get(key) ?? 0));
  return usedUs / ((now.atMs - before.atMs) * 10);
}

export function readCpuTime({ path, version }: Pick<Cgroup, 'path' | 'version'>, pids: readonly number[]): CpuTime {
  const atMs = performance.now();
  // v2 counts it in every cgroup, even without the cpu controller. v1 counts it in another hierarchy, without cages.
  if (version === 2) return { atMs, usedUs: new Map([[0, timeOfCgroup(path)]]) };
  return { atMs, usedUs: new Map(pids.filter((pid) => pid !== 0).map((pid) => [pid, timeOf(pid)])) };
}

/** 0 if the cgroup is gone. */
function timeOfCgroup(path: string): number {
  try {
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(`${path}/cpu.stat`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** 0 if the process has ended meanwhile. */
function timeOf(pid: number): number {
  try {
    const fields = readProcStat(pid);
    return TIMES.reduce((sum, index) => sum + Number(fields[index]), 0) * US_PER_TICK;
  } catch {
    return 0;
  }
}
