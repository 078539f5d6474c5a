import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { areas, legendOf } from '../../../common/drawing/areas';
import { sizeAxis, timeAxis } from '../../../common/drawing/axes';
import { type Drawing, htmlDocument, svgDocument } from '../../../common/drawing/document';
import { type Layout, NARROW, type Scale, scaleOf, WIDE } from '../../../common/drawing/layout';
import { legend } from '../../../common/drawing/legend';
import { levels } from '../../../common/drawing/levels';
import { commandLine, element, label, type Markup, round, text } from '../../../common/drawing/markup';
import { formatDuration } from '../../../common/text/duration';
import { formatSize } from '../../../index';
import type { ChartData, Rows } from './chart-data';
import { header } from './header';
import { LAYERS } from './layers';
import { hits, KILL_LANE, kills, levelsOf } from './marks';
import { gapsOf, segmentsOf } from './segments';

/** The script of the page. In dist/ it is beside the bundle. */
const READ_OUT = readFileSync(join(__dirname, 'read-out.js'), 'utf8');

/** A drawn chart, and the places of its parts. */
interface MemoryDrawing extends Drawing {
  scale: Scale;
}

/** Draws memory over time, against the limit. */
function draw(data: ChartData, layout: Layout): MemoryDrawing {
  const { width, left, right, margin } = layout;
  const head = header(data, layout);
  // The place of the plot depends on the legend. Its entries depend on the scale, but not on that place.
  const key = legend(legendOf(data.points, LAYERS, scaleOf(data, layout, 0)), layout, head.bottom);
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
    ...areas(segmentsOf(data), LAYERS, scale),
    ...(data.points.length === 0 ? [empty] : []),
    ...timeAxis(data, layout, scale),
    ...levels(levelsOf(data, scale), layout, scale),
    ...kills(data, layout, scale),
    ...lanes.markup,
    label(footer(data), margin, height - margin / 2, { class: 'small muted' }),
  ];
  return { markup, width, height, scale };
}

/** The chart as an SVG document. */
export function renderSvg(data: ChartData): string {
  return svgDocument(draw(data, WIDE), data.command, describe(data));
}

/** A page with the chart for wide and for narrow windows, a read-out under the pointer, and the figures as a table. */
export function renderHtml(data: ChartData, rows: Rows): string {
  const figure = element(
    'figure',
    { tabindex: 0, 'aria-label': 'Chart: left and right go through the samples' },
    picture(data, WIDE),
    picture(data, NARROW),
    element('div', { id: 'tip', role: 'status', hidden: '' }, text('')),
  );
  const read = element('script', { type: 'application/json', id: 'samples' }, { markup: samples(data) });
  return htmlDocument({ title: commandLine(data.command), body: [figure, table(rows), read], script: READ_OUT });
}

/** The chart in words. */
export function describe({ command, ending, peakBytes, limitBytes, durationMs }: ChartData): string {
  const peak = peakBytes === null ? 'unknown' : formatSize(peakBytes);
  return (
    `Memory of ${commandLine(command)} over ${formatDuration(durationMs)}: ` +
    `peak ${peak}, limit ${formatSize(limitBytes)}. ${ending}`
  );
}

function footer(data: ChartData): string {
  const { samples, intervalMs } = data;
  const count = samples === 1 ? '1 sample' : `${samples.toLocaleString('en')} samples`;
  const gaps = gapsOf(data).length;
  const missing = gaps === 0 ? '' : `; ${gaps === 1 ? 'a gap' : `${gaps} gaps`} where samples are missing`;
  return intervalMs > 10
    ? `${count}, every 10 ms at first, then every ${formatDuration(intervalMs)}${missing}`
    : `${count}, every 10 ms${missing}`;
}

function picture(data: ChartData, layout: Layout): Markup {
  const { markup, width, height, scale } = draw(data, layout);
  return element(
    'svg',
    {
      class: layout === NARROW ? 'narrow' : 'wide',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': describe(data),
      'data-from': scale.x(0),
      'data-to': scale.x(data.durationMs),
      'data-bottom': scale.bottom,
      'data-top-bytes': Math.round(scale.topBytes),
    },
    ...markup,
    element('line', { class: 'cursor', x1: 0, y1: scale.top, x2: 0, y2: scale.bottom }),
    element('circle', { class: 'dot', cx: 0, cy: 0, r: 5 }),
  );
}

function table(rows: Rows): Markup {
  const lines = rows.map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, text(name)), element('td', {}, text(value))),
  );
  return element('table', {}, element('tbody', {}, ...lines));
}

/** Only numbers, so nothing in it can end the element. */
function samples(data: ChartData): string {
  const { points, durationMs } = data;
  const numbers = points.map((point) => [
    round(point.atMs),
    point.usageBytes,
    point.anonBytes,
    point.fileBytes,
    point.kernelBytes,
    point.swapBytes,
  ]);
  return JSON.stringify({ durationMs, gaps: gapsOf(data).map(({ fromMs, toMs }) => [fromMs, toMs]), points: numbers });
}
