import { median } from '../support/stats';
import type { Sample } from './series';

const FEWEST = 10;
const COUNTS = ['fds', 'threads', 'cgroups', 'mounts', 'processes'] as const;

/**
 * What may be more at the end of the last four fifths than at their beginning, by the line through them: for each start,
 * and once, since a process's memory wanders.
 */
const SLOPES = {
  heapBytes: { each: 8, once: 2 * 1024 * 1024 },
  externalBytes: { each: 4, once: 256 * 1024 },
  residentBytes: { each: 64, once: 16 * 1024 * 1024 },
} as const;

/**
 * How much longer than its median the event loop's p99.9 may be at the end, by the line. In processor time: the machine may be busy
 * with something else at times.
 */
const LONGER_LOOP = { part: 0.25, ms: 5 };

export interface Finding {
  name: keyof Sample;
  flat: boolean;
  text: string;
}

/** Whether nothing grows. The first fifth is for caches and pools to reach their size. */
export function judge(samples: readonly Sample[]): Finding[] {
  const warm = Math.floor(samples.length / 5);
  const late = samples.slice(warm);
  if (samples.length < FEWEST) throw new Error('too few samples to judge');
  return [...COUNTS.map((name) => count(name, samples, warm)), ...slopes(late), loop(late)];
}

/** Usually no more at the end than ever at first: what is made ahead, or about to be removed, makes them wander. */
function count(name: (typeof COUNTS)[number], samples: readonly Sample[], warm: number): Finding {
  const first = samples.slice(0, Math.max(4, warm)).map((sample) => sample[name]);
  const last = samples.slice(-Math.max(4, warm)).map((sample) => sample[name]);
  const flat = median(last) <= Math.max(...first);
  return { name, flat, text: `${first[0]} at first, ${last.at(-1)} at the end` };
}

function slopes(late: readonly Sample[]): Finding[] {
  const starts = spanOf(late);
  return (Object.keys(SLOPES) as (keyof typeof SLOPES)[]).map((name) => {
    const slope = slopeOf(late, name);
    const { each, once } = SLOPES[name];
    return {
      ...{ name, flat: slope * starts <= each * starts + once },
      text: `${slope.toFixed(1)} bytes for each start, ${((slope * starts) / 2 ** 20).toFixed(1)} MiB in ${starts} starts`,
    };
  });
}

function loop(late: readonly Sample[]): Finding {
  const name = 'usedP999Ms';
  const longer = slopeOf(late, name) * spanOf(late);
  const usual = median(late.map((sample) => sample[name]));
  const most = Math.max(...late.map(({ usedMaxMs }) => usedMaxMs));
  return {
    ...{ name, flat: longer <= usual * LONGER_LOOP.part + LONGER_LOOP.ms },
    text: `median ${usual.toFixed(1)} ms, ${longer.toFixed(1)} ms longer at the end; the longest turn took ${most.toFixed(0)} ms`,
  };
}

function spanOf(samples: readonly Sample[]): number {
  return (samples.at(-1)?.starts ?? 0) - (samples[0]?.starts ?? 0);
}

/** The median of the slopes between all pairs (Theil, Sen): single samples that lie far off do not bend it. */
export function slopeOf(samples: readonly Sample[], name: keyof Sample): number {
  const found: number[] = [];
  for (const [index, one] of samples.entries()) {
    for (const other of samples.slice(index + 1)) {
      if (other.starts > one.starts) found.push((other[name] - one[name]) / (other.starts - one.starts));
    }
  }
  return median(found);
}
