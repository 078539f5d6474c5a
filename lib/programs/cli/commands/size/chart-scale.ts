import type { SizeResult } from './result';

/** In pixels: the drawing, and in it the plot. */
export const LAYOUT = { width: 960, height: 460, margin: 28, left: 92, right: 830, top: 140, bottom: 400 } as const;

/** Maps limits and times to pixels. */
export interface Scale {
  leastBytes: number;
  mostBytes: number;
  topMs: number;
  x(bytes: number): number;
  y(ms: number): number;
}

/** Space beside the outermost limits, as a share of what is between them. */
const ASIDE = 0.06;
const HEADROOM = 1.1;

/** Limits are on a logarithmic scale: a tenth more is the same distance anywhere, as in the search. */
export function scaleOf({ trials, recommended, baseline }: SizeResult): Scale {
  const { left, right, top, bottom } = LAYOUT;
  const limits = trials.map(({ limitBytes }) => limitBytes).filter(Number.isFinite);
  const shown = [...limits, ...(recommended === undefined ? [] : [recommended.bytes]), baseline.peakBytes];
  const least = Math.log(Math.min(...shown));
  const most = Math.log(Math.max(...shown));
  const aside = Math.max(ASIDE * (most - least), 0.02);
  const from = least - aside;
  const to = most + aside;
  const topMs = HEADROOM * Math.max(...trials.map(({ durationMs }) => durationMs), baseline.durationMs);
  return {
    leastBytes: Math.exp(from),
    mostBytes: Math.exp(to),
    topMs,
    x: (bytes) => left + ((Math.log(bytes) - from) / (to - from)) * (right - left),
    y: (ms) => bottom - (ms / topMs) * (bottom - top),
  };
}
