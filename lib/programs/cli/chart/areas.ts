import type { LegendEntry } from './header';
import type { Scale } from './layout';
import { element, type Markup, round } from './markup';
import type { Point } from './timeline';

/** The layers from the bottom up. */
const LAYERS = [
  { className: 'anon', bytes: (point: Point) => point.anonBytes, text: 'anon: heaps, stacks' },
  { className: 'file', bytes: (point: Point) => point.fileBytes, text: 'file: page cache, tmpfs' },
  { className: 'kernel', bytes: (point: Point) => point.kernelBytes, text: 'kernel' },
] as const;

/** With more points than this, the line goes up and down within a few pixels. */
const DENSE = 400;

/** Less than this share of the axis is invisible. */
const LEAST_SHARE = 0.004;

/**
 * The parts stacked as areas, and the usage as a line over them. Swap is not part of the usage, and gets its own line.
 */
export function areas(points: readonly Point[], scale: Scale): { markup: Markup[]; entries: LegendEntry[] } {
  if (points.length === 0) return { markup: [], entries: [] };
  const matters = (bytes: (point: Point) => number): boolean =>
    points.some((point) => bytes(point) > scale.topBytes * LEAST_SHARE);
  const markup = [
    area(
      'other',
      points,
      () => 0,
      (point) => point.usageBytes,
      scale,
    ),
  ];
  const entries: LegendEntry[] = [];
  LAYERS.forEach(({ className, bytes, text }, index) => {
    markup.push(area(className, points, sumBelow(index), sumBelow(index + 1), scale));
    if (matters(bytes)) entries.push({ className, isLine: false, text });
  });
  const rest = sumBelow(LAYERS.length);
  if (matters((point) => point.usageBytes - rest(point)))
    entries.push({ className: 'other', isLine: false, text: 'other' });
  const density = points.length > DENSE ? 'usage dense' : 'usage';
  markup.push(element('path', { class: density, d: line(points, (point) => point.usageBytes, scale) }));
  if (points.some((point) => point.swapBytes > 0)) {
    const d = line(points, (point) => point.swapBytes, scale);
    markup.push(element('path', { class: 'halo', d }), element('path', { class: 'swap-line', d }));
    entries.push({ className: 'swap-line', isLine: true, text: 'swap, beside the use' });
  }
  return { markup, entries };
}

/**
 * Sums up layers, up to the usage: the kernel counts parts and whole separately, and the parts may exceed the whole.
 */
function sumBelow(count: number): (point: Point) => number {
  const below = LAYERS.slice(0, count);
  return (point) =>
    Math.min(
      point.usageBytes,
      below.reduce((sum, { bytes }) => sum + bytes(point), 0),
    );
}

type Height = (point: Point) => number;

function area(className: string, points: readonly Point[], low: Height, high: Height, scale: Scale): Markup {
  const back = coordinates([...points].reverse(), low, scale);
  return element('path', { class: className, d: `${line(points, high, scale)}L${back.join('L')}Z` });
}

function line(points: readonly Point[], height: Height, scale: Scale): string {
  return `M${coordinates(points, height, scale).join('L')}`;
}

function coordinates(points: readonly Point[], height: Height, { x, y }: Scale): string[] {
  return points.map((point) => `${round(x(point.atMs))} ${round(y(height(point)))}`);
}
