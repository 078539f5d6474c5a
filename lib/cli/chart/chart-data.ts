import type { HitSpan, Kills, Point } from './timeline';

/** All that a chart shows of one run of a command. */
export interface ChartData {
  command: readonly string[];
  /** How it ended, as a sentence. */
  verdict: string;
  isGood: boolean;
  durationMs: number;
  /** Processor time, in milliseconds. */
  cpuMs: number;
  /** `Infinity` without one. */
  limitBytes: number;
  /** `memory.high`; `Infinity` without one. */
  highBytes: number;
  /** By the kernel; `null` where it does not record it. */
  peakBytes: number | null;
  /** See {@link Timeline}. */
  points: readonly Point[];
  hits: readonly HitSpan[];
  kills: readonly Kills[];
  /** The use was at the limit when they were killed. */
  killedAtLimit: boolean;
  /** How many samples there were, and how far apart at the end, in milliseconds. */
  samples: number;
  intervalMs: number;
}

/** Text of a table beside the chart. */
export type Rows = readonly (readonly [name: string, value: string])[];
