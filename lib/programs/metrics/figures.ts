import type { Reading } from '../../cgroup';

/** The fields that are read of each cgroup. */
export const FIELDS = [
  'usageBytes',
  'limitBytes',
  'peakBytes',
  'workingSetBytes',
  'anonBytes',
  'fileBytes',
  'kernelBytes',
  'swapBytes',
  'pressure',
  'events',
] as const;

/** A cgroup at one moment. */
export interface Facts extends Reading<(typeof FIELDS)[number]> {
  processes: number;
  oomKills: number;
  pageFaults: number;
  majorFaults: number;
}

/** Figures that go up and down. Absent if the cgroup or the kernel has none. */
export interface Gauges {
  usageBytes: number;
  workingSetBytes: number;
  anonBytes: number;
  fileBytes: number;
  processes: number;
  kernelBytes?: number;
  swapBytes?: number;
  limitBytes?: number;
  availableBytes?: number;
  peakBytes?: number;
}

/** Figures that only grow. */
export interface Counts {
  oomKills: number;
  limitHits: number;
  /** All page faults, major ones included. */
  pageFaults: number;
  majorFaults: number;
  waitingSeconds?: number;
  stalledSeconds?: number;
}

export function gaugesOf(facts: Facts): Gauges {
  const { usageBytes, workingSetBytes, anonBytes, fileBytes, kernelBytes, swapBytes, processes } = facts;
  const { limitBytes, peakBytes } = facts;
  return {
    usageBytes,
    workingSetBytes,
    anonBytes,
    fileBytes,
    processes,
    ...(kernelBytes !== null && { kernelBytes }),
    ...(swapBytes !== null && { swapBytes }),
    ...(limitBytes !== Number.POSITIVE_INFINITY && {
      limitBytes,
      availableBytes: Math.max(0, limitBytes - workingSetBytes),
    }),
    ...(peakBytes !== null && { peakBytes }),
  };
}

export function countsOf({ oomKills, events, pageFaults, majorFaults, pressure }: Facts): Counts {
  const seconds = (microseconds: number) => microseconds / 1e6;
  return {
    oomKills,
    limitHits: events.max,
    pageFaults,
    majorFaults,
    ...(pressure !== null && {
      waitingSeconds: seconds(pressure.some.total),
      stalledSeconds: seconds(pressure.full.total),
    }),
  };
}

/**
 * Combines the gauges of cgroups with the same labels: their sum, and the highest peak. A figure that one of them
 * lacks, such as a limit, is absent.
 */
export function together(all: readonly Gauges[]): Gauges {
  const [first, ...others] = all as [Gauges, ...Gauges[]];
  const sum = { ...first };
  for (const each of others) {
    for (const name of Object.keys(sum) as (keyof Gauges)[]) {
      const [one, other] = [sum[name], each[name]];
      if (one === undefined || other === undefined) delete sum[name as 'limitBytes'];
      else sum[name] = name === 'peakBytes' ? Math.max(one, other) : one + other;
    }
  }
  return sum;
}
