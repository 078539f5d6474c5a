import { formatSize } from '../../../index';
import { formatDuration } from '../text/duration';
import { areas } from './areas';
import { sizeAxis, timeAxis } from './axes';
import type { ChartData } from './chart-data';
import { header, legend } from './header';
import { type ChartSize, layoutOf, type Scale, scaleOf } from './layout';
import { hits, KILL_LANE, kills, levels } from './marks';
import { element, label, type Markup, text } from './markup';
import { CHART_STYLE } from './style';
import { commandLine } from './text';

/** A drawn chart, and the places of its parts. */
export interface Drawing {
  markup: Markup[];
  width: number;
  height: number;
  scale: Scale;
}

/** Draws memory over time, against the limit. */
export function draw(data: ChartData, size: ChartSize): Drawing {
  const layout = layoutOf(size);
  const { width, left, right, margin } = layout;
  const head = header(data, layout);
  // The legend's entries depend on the scale, and the place of the plot on the legend. Heights do not change the
  // entries, so any top will do here.
  const { entries } = areas(data.points, scaleOf(data, layout, 0));
  const key = legend(entries, layout, head.bottom);
  const scale = scaleOf(data, layout, key.bottom + 8 + (data.kills.length > 0 ? KILL_LANE : 0));
  const lanes = hits(data, layout, scale, scale.bottom + 32);
  const height = lanes.bottom + 22 + margin / 2;
  const empty = label('ended before the first sample', (left + right) / 2, (scale.top + scale.bottom) / 2, {
    class: 'muted middle',
  });
  const markup = [
    element('rect', { class: 'ground', width, height }),
    ...head.markup,
    ...key.markup,
    ...sizeAxis(data, layout, scale),
    ...areas(data.points, scale).markup,
    ...(data.points.length === 0 ? [empty] : []),
    ...timeAxis(data, layout, scale),
    ...levels(data, layout, scale),
    ...kills(data, layout, scale),
    ...lanes.markup,
    label(footer(data), margin, height - margin / 2, { class: 'small muted' }),
  ];
  return { markup, width, height, scale };
}

/** The chart as an SVG document. */
export function renderSvg(data: ChartData): string {
  const { markup, width, height } = draw(data, 'wide');
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    style: 'max-width:100%;height:auto',
  };
  const title = element('title', {}, text(commandLine(data.command)));
  const description = element('desc', {}, text(describe(data)));
  const style = element('style', {}, { markup: CHART_STYLE });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('svg', attributes, title, description, style, ...markup).markup}\n`;
}

/** The chart in words. */
export function describe({ command, verdict, peakBytes, limitBytes, durationMs }: ChartData): string {
  const peak = peakBytes === null ? 'unknown' : formatSize(peakBytes);
  return (
    `Memory of ${commandLine(command)} over ${formatDuration(durationMs)}: ` +
    `peak ${peak}, limit ${formatSize(limitBytes)}. ${verdict}`
  );
}

function footer({ samples, intervalMs }: ChartData): string {
  const count = samples === 1 ? '1 sample' : `${samples.toLocaleString('en')} samples`;
  return intervalMs > 10
    ? `${count}, every 10 ms at first, then every ${formatDuration(intervalMs)}`
    : `${count}, every 10 ms`;
}
