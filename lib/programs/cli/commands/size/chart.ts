import { formatSize } from '../../../../index';
import { element, label, type Markup, text } from '../../chart/markup';
import { CHART_STYLE, PAGE_STYLE } from '../../chart/style';
import { commandLine } from '../../chart/text';
import { formatDuration } from '../../text/duration';
import { truncate } from '../../text/text-width';
import { axes, levels, marks } from './chart-parts';
import { LAYOUT, scaleOf } from './chart-scale';
import type { SizeResult } from './result';
import { conclusionOf, rowsOf } from './table';

const COMMAND_SIZE = 17;

/** Time over limit, as an SVG document. */
export function renderChart(result: SizeResult): string {
  const title = element('title', {}, text(commandLine(result.command)));
  const description = element('desc', {}, text(conclusionOf(result)));
  const style = element('style', {}, { markup: CHART_STYLE });
  const svg = picture(result, { xmlns: 'http://www.w3.org/2000/svg' }, [title, description, style]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.markup}\n`;
}

/** The same as a page, with the runs as a table. */
export function renderChartPage(result: SizeResult): string {
  const [titles = [], ...rows] = rowsOf(result);
  const cells = (name: 'th' | 'td', row: readonly string[]): Markup =>
    element('tr', {}, ...row.map((cell) => element(name, {}, text(cell))));
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    // Without it, a browser would request an icon.
    element('link', { rel: 'icon', href: 'data:,' }),
    element('title', {}, text(commandLine(result.command))),
    element('style', {}, { markup: CHART_STYLE + PAGE_STYLE }),
  );
  const body = element(
    'body',
    {},
    element('figure', {}, picture(result, { 'aria-label': conclusionOf(result) }, [])),
    element('table', {}, element('tbody', {}, cells('th', titles), ...rows.map((row) => cells('td', row)))),
  );
  return `<!DOCTYPE html>\n${element('html', { lang: 'en' }, head, body).markup}\n`;
}

function picture(result: SizeResult, attributes: Readonly<Record<string, string>>, before: readonly Markup[]): Markup {
  const { width, height, margin } = LAYOUT;
  const scale = scaleOf(result);
  const { durationMs, peakBytes } = result.baseline;
  const room = width - 2 * margin;
  const command = truncate(commandLine(result.command), Math.floor(room / (COMMAND_SIZE * 0.61)), '…');
  const free = `without a limit ${formatDuration(durationMs)}, peak ${formatSize(peakBytes)}`;
  return element(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      style: 'max-width:100%;height:auto',
      ...attributes,
    },
    ...before,
    element('rect', { class: 'ground', width, height }),
    label(command, margin, margin + 16, { class: 'command' }),
    label(conclusionOf(result), margin, margin + 42, { class: `verdict ${result.recommended ? 'good' : 'bad'}` }),
    label(free, margin, margin + 62, { class: 'muted' }),
    ...axes(scale),
    ...levels(result, scale),
    ...marks(result, scale),
  );
}
