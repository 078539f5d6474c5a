import type { Plotted } from '../../../common/drawing/layout';
import type { Gap, HitSpan, Kills, Sample } from '../../../common/drawing/timeline';

/** A cgroup's memory at one moment, in bytes. */
export interface Point extends Sample {
  anonBytes: number;
  fileBytes: number;
  kernelBytes: number;
}

/** All that a chart shows of one run of a command. */
export interface ChartData extends Plotted {
  command: readonly string[];
  /** How it ended, as a sentence. */
  ending: string;
  isGood: boolean;
  /** Processor time, in milliseconds; `null` if it is not known. */
  cpuMs: number | null;
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
