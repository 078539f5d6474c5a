import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { type CgroupVersion, parseFlatKeyed } from '../../../cgroup/files/formats';
import { readProcStat } from '../../../machine/proc-stat';

/** Of /proc/<pid>/stat: USER_HZ, which Linux has at 100 on all machines that Node runs on. */
const US_PER_TICK = 10_000;
/** Of its fields after the name: utime, stime. */
const TIMES = [11, 12] as const;

interface Reading {
  timeMs: number;
  /** v2: of the whole cgroup under the key 0. v1: by pid. */
  usedUs: ReadonlyMap<number, number>;
}

/** How much of a processor cgroups use, from one sample to the next. */
export class CpuMeter {
  #before = new Map<string, Reading>();
  #now = new Map<string, Reading>();

  constructor(private readonly host: () => { version: CgroupVersion }) {}

  /** In percent of one processor; `null` at the first sample of a cgroup. */
  percentOf(directory: CgroupDirectory, pids: readonly number[]): number | null {
    const now: Reading = { timeMs: performance.now(), usedUs: this.#read(directory, pids) };
    this.#now.set(directory.path, now);
    const before = this.#before.get(directory.path);
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

  #read(directory: CgroupDirectory, pids: readonly number[]): Map<number, number> {
    // v2 has it in every cgroup, with the controller or without. v1 has it in another hierarchy, where cages are not.
    if (this.host().version === 2) {
      const used = parseFlatKeyed(directory.readIfPresent('cpu.stat') ?? '', 'cpu.stat')['usage_usec'];
      return new Map([[0, used ?? 0]]);
    }
    return new Map(pids.flatMap((pid) => (pid === 0 ? [] : [[pid, timeOf(pid)] as const])));
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
