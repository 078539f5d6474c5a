import { readFileSync } from 'node:fs';
import type { Cgroup } from '../../../../index';
import { readProcStat } from '../../proc';

/** A tick of /proc/<pid>/stat: USER_HZ is 100 on all machines that Node runs on. */
const US_PER_TICK = 10_000;
/** utime and stime among the fields after the name. */
const TIMES = [11, 12] as const;

type Measured = Pick<Cgroup, 'path' | 'version'>;

interface Reading {
  timeMs: number;
  /** v2: the time of the whole cgroup, with the key 0. v1: the time of each process, by pid. */
  usedUs: ReadonlyMap<number, number>;
}

/** Measures the processor time of cgroups from one sample to the next. */
export class CpuMeter {
  #before = new Map<string, Reading>();
  #now = new Map<string, Reading>();

  /** The use since the last sample, in percent of one processor; `null` in the first sample of a cgroup. */
  percentOf(cgroup: Measured, pids: readonly number[]): number | null {
    const now: Reading = { timeMs: performance.now(), usedUs: read(cgroup, pids) };
    this.#now.set(cgroup.path, now);
    const before = this.#before.get(cgroup.path);
    if (before === undefined) return null;
    let usedUs = 0;
    for (const [key, used] of now.usedUs) usedUs += Math.max(0, used - (before.usedUs.get(key) ?? 0));
    return usedUs / ((now.timeMs - before.timeMs) * 10);
  }

  /** Ends a sample. Forgets cgroups that were not in it. */
  endSample(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

function read({ path, version }: Measured, pids: readonly number[]): Map<number, number> {
  // v2 counts it in every cgroup, even without the cpu controller. v1 counts it in another hierarchy, without cages.
  if (version === 2) return new Map([[0, timeOfCgroup(path)]]);
  return new Map(pids.flatMap((pid) => (pid === 0 ? [] : [[pid, timeOf(pid)] as const])));
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
