import { type Layout, NARROW, type Scale } from '../../../common/drawing/layout';
import type { Level } from '../../../common/drawing/levels';
import { badge, element, label, type Markup, round, text } from '../../../common/drawing/markup';
import type { HitSpan, Kills } from '../../../common/drawing/timeline';
import { formatDuration } from '../../../common/text/duration';
import type { ChartData, Point } from './chart-data';

/** The limits and the peak. */
export function levelsOf({ limitBytes, highBytes, peakBytes }: ChartData, scale: Scale): Level[] {
  return [
    { className: 'peak', name: 'peak', bytes: peakBytes ?? Number.POSITIVE_INFINITY, isShown: true },
    { className: 'high', name: 'high', bytes: highBytes, isShown: scale.showsHigh },
    { className: 'limit', name: 'limit', bytes: limitBytes, isShown: scale.showsLimit },
  ];
}

/** Height of the lane above the plot with the names of the kills. */
export const KILL_LANE = 24;

/** OOM kills: badges above the plot, each with a line down. Kills that are close to each other share a badge. */
export function kills(data: ChartData, layout: Layout, scale: Scale): Markup[] {
  const isNarrow = layout === NARROW;
  // A name ends before the next one begins. The last one may use the room to the right of the plot.
  const room = isNarrow ? 76 : 104;
  const y = scale.top - KILL_LANE / 2 - 2;
  return clusters(data.kills, (ms) => scale.x(ms), room).flatMap((cluster) => {
    const count = cluster.reduce((sum, each) => sum + each.kills, 0);
    const [first] = cluster;
    const x = scale.x(first?.atMs ?? 0);
    const name = count === 1 ? 'OOM kill' : isNarrow ? `OOM ×${count}` : `${count} OOM kills`;
    const when = cluster
      .map(({ atMs }) => formatDuration(atMs))
      .slice(0, 10)
      .join(', ');
    return [
      ...cluster.flatMap(({ atMs }) => killLine(data, atMs, layout.right, scale)),
      element(
        'g',
        {},
        element('title', {}, text(`${count === 1 ? 'OOM kill' : `${count} OOM kills`} at ${when}`)),
        ...badge(x, y, false),
        label(name, x + 13, y + 4, { class: 'strong bad' }),
      ),
    ];
  });
}

function killLine(
  { points, limitBytes, killedAtLimit }: ChartData,
  atMs: number,
  right: number,
  scale: Scale,
): Markup[] {
  const x = Math.min(right, scale.x(atMs));
  const down = element('line', { class: 'kill-line', x1: x, y1: scale.top - 6, x2: x, y2: scale.bottom });
  const before = lastBefore(points, atMs);
  if (!killedAtLimit || before === undefined || !scale.showsLimit) return [down];
  // There is no sample of this moment, but the usage was at the limit.
  const path = `M${round(scale.x(before.atMs))} ${round(scale.y(before.usageBytes))}L${round(x)} ${round(scale.y(limitBytes))}`;
  return [down, element('path', { class: 'usage unseen', d: path })];
}

function lastBefore(points: readonly Point[], atMs: number): Point | undefined {
  return points.filter((point) => point.atMs <= atMs).at(-1);
}

function clusters(all: readonly Kills[], x: (ms: number) => number, room: number): Kills[][] {
  const found: Kills[][] = [];
  for (const each of all) {
    const current = found.at(-1);
    const begin = current?.[0];
    if (current !== undefined && begin !== undefined && x(each.atMs) - x(begin.atMs) < room) current.push(each);
    else found.push([each]);
  }
  return found;
}

/** Height of a lane below the plot. */
const HIT_LANE = 20;

const HIT_LANES = [
  { className: 'limit', name: 'limit hits', short: 'hits', count: (span: HitSpan) => span.max },
  { className: 'high', name: 'above high', short: 'high', count: (span: HitSpan) => span.high },
] as const;

/** When limits were hit: a lane for each limit, below the time axis. */
export function hits(data: ChartData, layout: Layout, scale: Scale, top: number): { markup: Markup[]; bottom: number } {
  const { left, right } = layout;
  const lanes = HIT_LANES.filter(({ count }) => data.hits.some((span) => count(span) > 0));
  const markup = lanes.flatMap(({ className, name, short, count }, index) => {
    const y = top + index * HIT_LANE;
    const total = data.hits.reduce((sum, span) => sum + count(span), 0);
    const bars = barsOf(
      data.hits.filter((span) => count(span) > 0),
      scale,
    ).map(([from, to]) =>
      element('rect', { class: className, x: from, y: y + 3, width: to - from, height: 10, rx: 1 }),
    );
    return [
      label(layout === NARROW ? short : name, left - 10, y + 12, { class: 'small muted right' }),
      element('line', { class: 'grid', x1: left, y1: y + 8, x2: right, y2: y + 8 }),
      ...bars,
      label(`${total.toLocaleString('en')}×`, right + 16, y + 12, { class: `tick small strong ${className}` }),
    ];
  });
  return { markup, bottom: top + lanes.length * HIT_LANE };
}

/** Makes bars at least two pixels wide, and joins those that touch. */
function barsOf(spans: readonly HitSpan[], { x }: Scale): [from: number, to: number][] {
  const bars: [number, number][] = [];
  for (const { fromMs, toMs } of spans) {
    const to = x(toMs);
    const from = Math.min(x(fromMs), to - 2);
    const last = bars.at(-1);
    if (last !== undefined && from - last[1] < 0.5) last[1] = Math.max(last[1], to);
    else bars.push([from, to]);
  }
  return bars;
}
