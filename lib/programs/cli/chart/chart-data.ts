import type { Gap, HitSpan, Kills, Point } from './timeline';

/** All that a chart shows of one run of a command. */
export interface ChartData {
  command: readonly string[];
  /** How it ended, as a sentence. */
  ending: string;
  isGood: boolean;
  durationMs: number;
  /** Processor time, in milliseconds; `null` if it is not known. */
  cpuMs: number | null;
  /** `Infinity` if there is none. */
  limitBytes: number;
  /** `memory.high`; `Infinity` if there is none. */
  highBytes: number;
  /** The kernel's count; `null` if it does not record the peak. */
  peakBytes: number | null;
  /** See {@link Timeline}. */
  points: readonly Point[];
  gaps: readonly Gap[];
  hits: readonly HitSpan[];
  kills: readonly Kills[];
  /** Whether the usage was at the limit at the kills. */
  killedAtLimit: boolean;
  /** How many samples there were. */
  samples: number;
  /** Time between the last samples, in milliseconds. */
  intervalMs: number;
}

/** The text of a table for the chart's page or the terminal. */
export type Rows = readonly (readonly [name: string, value: string])[];
