import type { ChartData } from './chart-data';

/** How wide a chart is drawn. It is scaled to the room that there is; narrow ones have larger letters then. */
export type ChartSize = 'wide' | 'narrow';

export interface Layout {
  width: number;
  /** Space around all. */
  margin: number;
  /** Of the plot. */
  left: number;
  right: number;
  isNarrow: boolean;
  /** Most steps that an axis has room for. */
  mostTimes: number;
  mostSizes: number;
}

const LAYOUTS: Readonly<Record<ChartSize, Layout>> = {
  wide: { width: 960, margin: 28, left: 92, right: 850, isNarrow: false, mostTimes: 10, mostSizes: 6 },
  narrow: { width: 420, margin: 16, left: 72, right: 322, isNarrow: true, mostTimes: 4, mostSizes: 5 },
};

const PLOT_HEIGHT = 260;

export function layoutOf(size: ChartSize): Layout {
  return LAYOUTS[size];
}

/** From bytes and milliseconds to pixels. */
export interface Scale {
  /** Of the axis, in bytes. */
  topBytes: number;
  /** The limit is on the axis: not so when next to nothing of it was used. */
  showsLimit: boolean;
  showsHigh: boolean;
  top: number;
  bottom: number;
  x(ms: number): number;
  y(bytes: number): number;
}

/** What is used is to fill at least this part of the height. */
const LEAST_SHARE = 1 / 4;
const HEADROOM = 1.06;
const LEAST_TOP_BYTES = 64 * 1024;

export function scaleOf(data: ChartData, { left, right }: Layout, top: number): Scale {
  const { limitBytes, highBytes, peakBytes, points, durationMs } = data;
  let used = peakBytes ?? 0;
  for (const { usageBytes, swapBytes } of points) used = Math.max(used, usageBytes, swapBytes);
  const shows = (bytes: number): boolean => bytes * LEAST_SHARE <= used;
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
