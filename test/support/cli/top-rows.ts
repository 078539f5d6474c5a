import type { Row } from '../../../lib/programs/cli/commands/top/reader';

const MiB = 1 << 20;

/** A row of `memcage top`, with its usage in MiB. */
export function topRow(name: string, usage: number, more: Partial<Row> = {}): Row {
  return {
    name,
    path: `/sys/fs/cgroup/${name}`,
    command: [],
    usageBytes: usage * MiB,
    limitBytes: 100 * MiB,
    percent: usage,
    peakBytes: null,
    workingSetBytes: usage * MiB,
    anonBytes: usage * MiB,
    fileBytes: 0,
    swapBytes: 0,
    processes: 1,
    cpuPercent: null,
    oomKills: 0,
    pid: undefined,
    cage: undefined,
    ...more,
  };
}
