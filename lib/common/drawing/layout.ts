import type { Sample } from './timeline';

/** Memory over time, against limits. */
export interface Plotted {
  durationMs: number;
  /** `Infinity` if there is none. */
  limitBytes: number;
  /** `memory.high`, or another level below the limit; `Infinity` if there is none. */
  highBytes: number;
  /** The kernel's count; `null` if it does not record the peak. */
  peakBytes: number | null;
  points: readonly Sample[];
}

/** A drawing of some width, which the page scales to its own width. Narrow drawings then have larger letters. */
export interface Layout {
  width: number;
  /** Space around everything. */
  margin: number;
  /** The sides of the plot. */
  left: number;
  right: number;
  /** How many steps the axes have room for. */
  mostTimes: number;
  mostSizes: number;
}

export const WIDE: Layout = { width: 960, margin: 28, left: 92, right: 850, mostTimes: 10, mostSizes: 6 };
export const NARROW: Layout = { width: 420, margin: 16, left: 72, right: 322, mostTimes: 4, mostSizes: 5 };

const PLOT_HEIGHT = 260;

/** Maps bytes and milliseconds to pixels. */
export interface Scale {
  /** The top of the axis, in bytes. */
  topBytes: number;
  /** Whether the limit is on the axis. It is not if only a small part of it was used. */
  showsLimit: boolean;
  showsHigh: boolean;
  top: number;
  bottom: number;
  x(ms: number): number;
  y(bytes: number): number;
}

/** The axis shows a limit only if the usage reached this share of it. */
const LEAST_SHARE_OF_LIMIT = 1 / 4;
const HEADROOM = 1.06;
const LEAST_TOP_BYTES = 64 * 1024;

export function scaleOf(data: Plotted, { left, right }: Layout, top: number): Scale {
  const { limitBytes, highBytes, peakBytes, points, durationMs } = data;
  let used = peakBytes ?? 0;
  for (const { usageBytes, swapBytes } of points) used = Math.max(used, usageBytes, swapBytes);
  const shows = (bytes: number): boolean => bytes * LEAST_SHARE_OF_LIMIT <= used;
  const shown = [limitBytes, highBytes].filter(shows);
  const topBytes = Math.max(LEAST_TOP_BYTES, used, ...shown) * HEADROOM;
  const bottom = top + PLOT_HEIGHT;
  const endMs = Math.max(durationMs, points.at(-1)?.atMs ?? 0, 1);
  return {
    topBytes,
    showsLimit: shows(limitBytes),
    showsHigh: shows(highBytes),
    top,
    bottom,
    x: (ms) => left + (Math.min(ms, endMs) / endMs) * (right - left),
    y: (bytes) => bottom - (bytes / topBytes) * PLOT_HEIGHT,
  };
}
