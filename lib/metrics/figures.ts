import type { Reading } from '../index.js';

/** What is read of each cgroup. */
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

/** A figure that goes up and down; absent where the cgroup, or the kernel, has none. */
export interface Gauges {
  usageBytes: number;
  workingSetBytes: number;
  anonBytes: number;
  fileBytes: number;
  kernelBytes: number;
  swapBytes: number;
  processes: number;
  limitBytes?: number;
  availableBytes?: number;
  peakBytes?: number;
}

/** What only grows. */
export interface Counts {
  oomKills: number;
  limitHits: number;
  /** Major ones too. */
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
    kernelBytes,
    swapBytes,
    processes,
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

/** Of all that have the same labels: the sum, of peaks the highest. One without a limit makes it none for all. */
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
