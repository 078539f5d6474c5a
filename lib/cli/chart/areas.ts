import type { LegendEntry } from './header';
import type { Scale } from './layout';
import { element, type Markup, round } from './markup';
import type { Point } from './timeline';

/** From the bottom up. */
const LAYERS = [
  { className: 'anon', bytes: (point: Point) => point.anonBytes, text: 'anon: heaps, stacks' },
  { className: 'file', bytes: (point: Point) => point.fileBytes, text: 'file: page cache, tmpfs' },
  { className: 'kernel', bytes: (point: Point) => point.kernelBytes, text: 'kernel' },
] as const;

/** With more points the line goes up and down within a few pixels. */
const DENSE = 400;

/** Less than this part of the axis can't be seen. */
const LEAST_SHARE = 0.004;

/** The parts on top of each other, and the use as a line over them; swap, which is no part of it, as another. */
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

/** The kernel counts the parts apart from the whole, of which together they may be a bit more. */
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
