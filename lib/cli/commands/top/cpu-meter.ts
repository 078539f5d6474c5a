import { readFileSync } from 'node:fs';
import type { Cgroup } from '../../../index';
import { readProcStat } from '../../proc';

/** Of /proc/<pid>/stat: USER_HZ, which Linux has at 100 on all machines that Node runs on. */
const US_PER_TICK = 10_000;
/** Of its fields after the name: utime, stime. */
const TIMES = [11, 12] as const;

/** What is to be known of a cgroup. */
type Measured = Pick<Cgroup, 'path' | 'version'>;

interface Reading {
  timeMs: number;
  /** v2: of the whole cgroup under the key 0. v1: by pid. */
  usedUs: ReadonlyMap<number, number>;
}

/** How much of a processor cgroups use, from one sample to the next. */
export class CpuMeter {
  #before = new Map<string, Reading>();
  #now = new Map<string, Reading>();

  /** In percent of one processor; `null` at the first sample of a cgroup. */
  percentOf(cgroup: Measured, pids: readonly number[]): number | null {
    const now: Reading = { timeMs: performance.now(), usedUs: read(cgroup, pids) };
    this.#now.set(cgroup.path, now);
    const before = this.#before.get(cgroup.path);
    if (before === undefined) return null;
    let usedUs = 0;
    for (const [key, used] of now.usedUs) usedUs += Math.max(0, used - (before.usedUs.get(key) ?? 0));
    return usedUs / ((now.timeMs - before.timeMs) * 10);
  }

  /** Those that were not in it are forgotten. */
  endSample(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

function read({ path, version }: Measured, pids: readonly number[]): Map<number, number> {
  // v2 has it in every cgroup, with the controller or without. v1 has it in another hierarchy, where cages are not.
  if (version === 2) return new Map([[0, timeOfCgroup(path)]]);
  return new Map(pids.flatMap((pid) => (pid === 0 ? [] : [[pid, timeOf(pid)] as const])));
}

/** 0 for one that is gone. */
function timeOfCgroup(path: string): number {
  try {
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(`${path}/cpu.stat`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** 0 for one that has ended meanwhile. */
function timeOf(pid: number): number {
  try {
    const fields = readProcStat(pid);
    return TIMES.reduce((sum, index) => sum + Number(fields[index]), 0) * US_PER_TICK;
  } catch {
    return 0;
  }
}
