import type { ChartData } from './chart-data';
import type { LegendEntry } from './header';
import type { Scale } from './layout';
import { element, type Markup, round } from './markup';
import { segmentsOf } from './segments';
import type { Point } from './timeline';

/** A figure of a sample, in bytes. */
type Bytes = (point: Point) => number;

/** The parts of the usage, from the bottom up. */
const LAYERS = [
  { className: 'anon', bytes: (point: Point) => point.anonBytes, text: 'anon: heaps, stacks' },
  { className: 'file', bytes: (point: Point) => point.fileBytes, text: 'file: page cache, tmpfs' },
  { className: 'kernel', bytes: (point: Point) => point.kernelBytes, text: 'kernel' },
] as const;

/** With more points than this, the line goes up and down within a few pixels. */
const DENSE = 400;

/** Less than this share of the axis is invisible. */
const LEAST_SHARE_OF_AXIS = 0.004;

/** The legend of what can be seen of the memory. */
export function layersOf(points: readonly Point[], { topBytes }: Scale): LegendEntry[] {
  const rest: Bytes = (point) => point.usageBytes - sumBelow(LAYERS.length)(point);
  const parts = [...LAYERS, { className: 'other', bytes: rest, text: 'other' }]
    .filter(({ bytes }) => points.some((point) => bytes(point) > topBytes * LEAST_SHARE_OF_AXIS))
    .map(({ className, text }) => ({ className, isLine: false, text }));
  return hasSwap(points) ? [...parts, { className: 'swap-line', isLine: true, text: 'swap, beside the use' }] : parts;
}

type Segments = ReturnType<typeof segmentsOf>;

/**
 * The parts stacked as areas, and the usage as a line over them. Swap is not part of the usage, and gets its own line. Where samples
 * are missing, there is nothing.
 */
export function areas(data: ChartData, scale: Scale): Markup[] {
  const { points } = data;
  if (points.length === 0) return [];
  const segments = segmentsOf(data);
  const usage: Bytes = (point) => point.usageBytes;
  const swap = lines(segments, (point) => point.swapBytes, scale);
  return [
    area('other', segments, () => 0, usage, scale),
    ...LAYERS.map(({ className }, index) => area(className, segments, sumBelow(index), sumBelow(index + 1), scale)),
    element('path', { class: points.length > DENSE ? 'usage dense' : 'usage', d: lines(segments, usage, scale) }),
    ...(hasSwap(points) ? ['halo', 'swap-line'].map((name) => element('path', { class: name, d: swap })) : []),
  ];
}

function hasSwap(points: readonly Point[]): boolean {
  return points.some(({ swapBytes }) => swapBytes > 0);
}

/**
 * Sums up layers, up to the usage: the kernel counts parts and whole separately, and the parts may exceed the whole.
 */
function sumBelow(count: number): Bytes {
  const below = LAYERS.slice(0, count);
  return (point) =>
    Math.min(
      point.usageBytes,
      below.reduce((sum, { bytes }) => sum + bytes(point), 0),
    );
}

function area(className: string, segments: Segments, low: Bytes, high: Bytes, scale: Scale): Markup {
  const parts = segments.map((points) => {
    const back = coordinates([...points].reverse(), low, scale);
    return `${line(points, high, scale)}L${back.join('L')}Z`;
  });
  return element('path', { class: className, d: parts.join('') });
}

function lines(segments: Segments, height: Bytes, scale: Scale): string {
  // A line to itself is a dot: of a sample alone.
  return segments.map((points) => line(points.length === 1 ? [...points, ...points] : points, height, scale)).join('');
}

function line(points: readonly Point[], height: Bytes, scale: Scale): string {
  return `M${coordinates(points, height, scale).join('L')}`;
}

function coordinates(points: readonly Point[], height: Bytes, { x, y }: Scale): string[] {
  return points.map((point) => `${round(x(point.atMs))} ${round(y(height(point)))}`);
}
