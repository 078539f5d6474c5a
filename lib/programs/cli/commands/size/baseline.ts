import type { Trial } from './trial';

/** How the command runs without a limit, and what it may do at one. */
export interface Baseline {
  exitCode: number;
  /** The most memory that it used, page cache included; null if no run told. */
  peakBytes: number | null;
  /** The most memory of programs and of the kernel, as far as samples have seen. */
  programBytes: number;
  /** The usual time. */
  durationMs: number;
  /** The most of each that counts as well. */
  allowed: Costs;
  /** When a run is ended that takes too long. */
  cutMs: number;
  /** When a run is ended that gets nowhere because of memory. */
  stallMs: number;
}

/** What a run takes that a limit makes more of. */
export interface Costs {
  /** Processor time: the kernel computes to take pages back, and a smaller heap is collected more often. */
  cpuMs: number;
  /** Time in which a process was stalled for want of memory. */
  stallMs: number;
  /** Pages read from a disk to go on. */
  majorFaults: number;
  /** Pages read again after the kernel had dropped them. */
  refaults: number;
}

/** What a run may take more by chance, whatever the noise was. */
const LEAST_SLACK: Costs = { cpuMs: 50, stallMs: 20, majorFaults: 50, refaults: 500 };
/**
 * Pages are read again because of the limit only, but a busy machine alone has a program take a tenth or two more of the processor's time. That
 * time rises steeply near the smallest heap with which a program can live: so a large slack there still is at about the same limit.
 */
const SHARE_OF_SLACK = 0.2;
const PAGE_BYTES = 4096;
const CUT_FACTOR = 3;
const CUT_EXTRA_MS = 1000;
const LEAST_STALL_MS = 1000;
const MOST_STALL_MS = 10_000;

/**
 * @param first also finds cold caches; its costs count only if there is no other
 * @param slack how much more than without a limit it may take: 0.5 is half of its processor time, and a fifth of that, a tenth, of its time for waiting and of its pages
 */
export function baselineOf(first: Trial, others: readonly Trial[], slack: number): Baseline {
  const all = [first, ...others];
  const timed = others.length === 0 ? [first] : others;
  const peaks = all.flatMap((trial) => trial.peakBytes ?? []);
  const peakBytes = peaks.length === 0 ? null : Math.max(...peaks);
  const durationMs = middle(timed.map((trial) => trial.durationMs));
  const allowed = (cost: keyof Costs, slackOf: (usual: number) => number): number => {
    const values = timed.map((trial) => trial[cost] ?? 0);
    return Math.max(...values) + Math.max(LEAST_SLACK[cost], slackOf(middle(values)));
  };
  const ofTime = (): number => SHARE_OF_SLACK * slack * durationMs;
  const ofPages = (): number => (SHARE_OF_SLACK * slack * (peakBytes ?? 0)) / PAGE_BYTES;
  return {
    exitCode: first.exitCode ?? 0,
    peakBytes,
    programBytes: first.programBytes ?? 0,
    durationMs,
    allowed: {
      cpuMs: allowed('cpuMs', (usual) => slack * usual),
      stallMs: allowed('stallMs', ofTime),
      majorFaults: allowed('majorFaults', ofPages),
      refaults: allowed('refaults', ofPages),
    },
    cutMs: CUT_FACTOR * Math.max(...timed.map((trial) => trial.durationMs)) + CUT_EXTRA_MS,
    stallMs: Math.min(MOST_STALL_MS, Math.max(LEAST_STALL_MS, Math.ceil(ofTime()))),
  };
}

function middle(values: readonly number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2;
}
