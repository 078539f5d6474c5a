import type { ChartData, Rows } from './chart-data';
import type { ChartSize } from './layout';
import { element, type Markup, round, text } from './markup';
import { READ_OUT } from './read-out';
import { CHART_STYLE, PAGE_STYLE } from './style';
import { describe, draw } from './svg';
import { commandLine } from './text';

/** A page with the chart for wide and for narrow windows, a read-out under the pointer, and the figures as a table. */
export function renderHtml(data: ChartData, rows: Rows): string {
  const title = commandLine(data.command);
  const style: Markup = { markup: CHART_STYLE + PAGE_STYLE };
  const script: Markup = { markup: READ_OUT };
  // Loaded here, since it takes long and nothing else needs it.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const hash = createHash('sha256').update(READ_OUT).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    // Not made by element(), which would escape the quotes of the policy.
    { markup: `<meta http-equiv="Content-Security-Policy" content="${policy}"/>` },
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    // Without it, a browser would request an icon.
    element('link', { rel: 'icon', href: 'data:,' }),
    element('title', {}, text(title)),
    element('style', {}, style),
  );
  const figure = element(
    'figure',
    { tabindex: 0, 'aria-label': 'Chart: left and right go through the samples' },
    picture(data, 'wide'),
    picture(data, 'narrow'),
    element('div', { id: 'tip', role: 'status', hidden: '' }, text('')),
  );
  const body = element(
    'body',
    {},
    figure,
    table(rows),
    element('script', { type: 'application/json', id: 'samples' }, { markup: samples(data) }),
    element('script', {}, script),
  );
  return `<!DOCTYPE html>\n${element('html', { lang: 'en' }, head, body).markup}\n`;
}

function picture(data: ChartData, size: ChartSize): Markup {
  const { markup, width, height, scale } = draw(data, size);
  return element(
    'svg',
    {
      class: size,
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
function samples({ points, durationMs }: ChartData): string {
  const numbers = points.map((point) => [
    round(point.atMs),
    point.usageBytes,
    point.anonBytes,
    point.fileBytes,
    point.kernelBytes,
    point.swapBytes,
  ]);
  return JSON.stringify({ durationMs, points: numbers });
}
