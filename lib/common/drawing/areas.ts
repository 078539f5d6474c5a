import type { Scale } from './layout';
import type { LegendEntry } from './legend';
import { element, type Markup, round } from './markup';
import type { Sample } from './timeline';

/** A figure of a sample, in bytes. */
type Bytes<P> = (point: P) => number;

/** A part of the usage, or something beside it. */
interface Layer<P> {
  className: string;
  bytes: Bytes<P>;
  text: string;
}

/** What is drawn of each sample. */
export interface Layers<P> {
  /** The parts of the usage, from the bottom up. */
  parts: readonly Layer<P>[];
  /** What is not part of the usage, and gets a line of its own. */
  lines: readonly Layer<P>[];
}

/** With more points than this, the line goes up and down within a few pixels. */
const DENSE = 400;

/** Less than this share of the axis is invisible. */
const LEAST_SHARE_OF_AXIS = 0.004;

/** The legend of what can be seen of the memory. */
export function legendOf<P extends Sample>(
  points: readonly P[],
  { parts, lines }: Layers<P>,
  { topBytes }: Scale,
): LegendEntry[] {
  const rest: Bytes<P> = (point) => point.usageBytes - sumBelow(parts)(point);
  const seen = [...parts, { className: 'other', bytes: rest, text: 'other' }]
    .filter(({ bytes }) => points.some((point) => bytes(point) > topBytes * LEAST_SHARE_OF_AXIS))
    .map(({ className, text }) => ({ className, isLine: false, text }));
  return [...seen, ...used(lines, points).map(({ className, text }) => ({ className, isLine: true, text }))];
}

type Segments<P> = readonly (readonly P[])[];

/**
 * The parts stacked as areas, and the usage as a line over them. Where samples are missing, there is nothing.
 *
 * @param segments samples with none missing between them
 */
export function areas<P extends Sample>(
  segments: Segments<P>,
  { parts, lines: beside }: Layers<P>,
  scale: Scale,
): Markup[] {
  const points = segments.flat();
  if (points.length === 0) return [];
  const usage: Bytes<P> = (point) => point.usageBytes;
  return [
    area('other', segments, () => 0, usage, scale),
    ...parts.map(({ className }, index) =>
      area(className, segments, sumBelow(parts.slice(0, index)), sumBelow(parts.slice(0, index + 1)), scale),
    ),
    element('path', { class: points.length > DENSE ? 'usage dense' : 'usage', d: lines(segments, usage, scale) }),
    ...used(beside, points).flatMap(({ className, bytes }) =>
      ['halo', className].map((name) => element('path', { class: name, d: lines(segments, bytes, scale) })),
    ),
  ];
}

function used<P>(layers: readonly Layer<P>[], points: readonly P[]): Layer<P>[] {
  return layers.filter(({ bytes }) => points.some((point) => bytes(point) > 0));
}

/**
 * Sums up layers, up to the usage: the kernel counts parts and whole separately, and the parts may exceed the whole.
 */
function sumBelow<P extends Sample>(below: readonly Layer<P>[]): Bytes<P> {
  return (point) =>
    Math.min(
      point.usageBytes,
      below.reduce((sum, { bytes }) => sum + bytes(point), 0),
    );
}

function area<P extends Sample>(
  className: string,
  segments: Segments<P>,
  low: Bytes<P>,
  high: Bytes<P>,
  scale: Scale,
): Markup {
  const parts = segments.map((points) => {
    const back = coordinates([...points].reverse(), low, scale);
    return `${line(points, high, scale)}L${back.join('L')}Z`;
  });
  return element('path', { class: className, d: parts.join('') });
}

function lines<P extends Sample>(segments: Segments<P>, height: Bytes<P>, scale: Scale): string {
  // A line to itself is a dot: of a sample alone.
  return segments.map((points) => line(points.length === 1 ? [...points, ...points] : points, height, scale)).join('');
}

function line<P extends Sample>(points: readonly P[], height: Bytes<P>, scale: Scale): string {
  return `M${coordinates(points, height, scale).join('L')}`;
}

function coordinates<P extends Sample>(points: readonly P[], height: Bytes<P>, { x, y }: Scale): string[] {
  return points.map((point) => `${round(x(point.atMs))} ${round(y(height(point)))}`);
}
