import type { Gap } from '../../../common/drawing/timeline';
import type { ChartData, Point } from './chart-data';

/** A gap that is less of the way between two kept samples is not seen. */
const LEAST_SHARE_OF_WAY = 0.5;

type Sampled = Pick<ChartData, 'points' | 'gaps' | 'durationMs'>;

/** Between which kept samples, the start and the end, mostly nothing was seen. */
export function gapsOf({ points, gaps, durationMs }: Sampled): Gap[] {
  const moments = [...points.map(({ atMs }) => atMs), durationMs];
  return moments.flatMap((toMs, index) => {
    const fromMs = moments[index - 1] ?? 0;
    const within = gaps.filter((gap) => gap.fromMs >= fromMs && gap.toMs <= toMs);
    return within.some((gap) => gap.toMs - gap.fromMs >= LEAST_SHARE_OF_WAY * (toMs - fromMs))
      ? [{ fromMs, toMs }]
      : [];
  });
}

/** The samples in stretches without a gap. A kill ends one too: what it took goes at once, not little by little from the sample before. */
export function segmentsOf(data: Sampled & Pick<ChartData, 'kills'>): readonly (readonly Point[])[] {
  const gaps = new Set(gapsOf(data).map(({ toMs }) => toMs));
  const segments: Point[][] = [];
  for (const point of data.points) {
    const current = segments.at(-1);
    const before = current?.at(-1)?.atMs ?? 0;
    const isKill = data.kills.some(({ atMs }) => before < atMs && atMs <= point.atMs);
    if (current === undefined || isKill || gaps.has(point.atMs)) segments.push([point]);
    else current.push(point);
  }
  return segments;
}
