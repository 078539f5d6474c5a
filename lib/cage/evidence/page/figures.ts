import { element, type Markup, text } from '../../../common/drawing/markup';
import { formatSize } from '../../../common/text/size';
import type { BarPart } from './kinds';

const MIB = 1024 ** 2;
/** Less is shown as a stub. */
const LEAST_PERCENT = 0.15;

/** In the unit of the whole page, so that columns can be compared. */
export function mebibytes(bytes: number): string {
  const amount = bytes / MIB;
  if (bytes > 0 && amount < 0.05) return '< 0.1 MiB';
  return `${amount.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MiB`;
}

export function percent(bytes: number, of: number): string {
  const share = of > 0 ? (bytes / of) * 100 : 0;
  return bytes > 0 && share < 1 ? '< 1 %' : `${Math.round(share)} %`;
}

/** A cell with an amount; the exact one is its title. */
export function amount(bytes: number): Markup {
  return element(
    'td',
    { class: 'num', title: `${formatSize(bytes)}: ${bytes.toLocaleString('en')} bytes` },
    text(mebibytes(bytes)),
  );
}

export function cell(className: string, ...children: readonly Markup[]): Markup {
  return element('td', { class: className }, ...children);
}

export function span(className: string, content: string): Markup {
  return element('span', { class: className }, text(content));
}

/** A text that may be long: some lines of it, the whole as a title. */
export function long(className: string, content: string): Markup {
  return element('div', { class: `${className} long`, title: content }, text(content));
}

/** A bar of parts one after the other. @param wholeBytes its full width */
export function bar(parts: readonly BarPart[], wholeBytes: number, height: number): Markup {
  let before = 0;
  const rects = parts.flatMap(({ className, bytes }) => {
    const width = Math.max(0, (bytes / wholeBytes) * 100);
    if (width < LEAST_PERCENT) return [];
    const x = before;
    before += width;
    return [element('rect', { class: className, x: `${x.toFixed(2)}%`, y: 0, width: `${width.toFixed(2)}%`, height })];
  });
  const ground = element('rect', { class: 'trough', x: 0, y: 0, width: '100%', height });
  return element('svg', { class: 'bar', height, 'aria-hidden': 'true' }, ground, ...rects);
}

export function swatch(className: string): Markup {
  return element(
    'svg',
    { class: 'swatch', width: 12, height: 12, 'aria-hidden': 'true' },
    element('rect', { class: className, width: 12, height: 12, rx: 2 }),
  );
}

/** A section with a heading; nothing if it would be empty. */
export function section(title: string, ...children: readonly Markup[]): Markup[] {
  if (children.length === 0) return [];
  return [element('section', {}, element('h2', {}, text(title)), ...children)];
}

/** @param columns classes and names of the columns */
export function table(
  className: string,
  columns: readonly (readonly [className: string, name: string])[],
  rows: readonly Markup[],
): Markup {
  const head = columns.map(([ofColumn, name]) => element('th', { class: ofColumn, scope: 'col' }, text(name)));
  return element(
    'table',
    { class: className },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}
