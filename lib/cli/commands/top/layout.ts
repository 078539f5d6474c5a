import { printable } from '../../../printable';
import type { Charset } from '../../charset';
import type { Colors } from '../../color';
import { pad, truncate, truncateStart } from '../../text-width';
import { COLUMNS, type ColumnName, fittingColumns, GAP, matching, type SortName, sorted } from './columns';
import type { History } from './history';
import type { Row } from './reader';
import { KEYS, type Shown, type View } from './view';

export interface Style {
  colors: Colors;
  charset: Charset;
}

/** What a whole screen is made of. */
export interface Picture extends Style {
  view: View;
  rows: readonly Row[];
  history: History;
  /** What is at the left of the first line. */
  title: string;
  columns: number;
  lines: number;
}

/** The lines above the rows, and the one below. */
const FRAME_LINES = 3;
const HOT_PERCENT = 90;
const WARM_PERCENT = 75;

/** No line is wider than the terminal, nor are there more than it has. */
export function screenOf(picture: Picture): string[] {
  const { view, lines } = picture;
  return (view.help ? helpLines(picture) : tableLines(picture)).slice(0, lines);
}

/** What keys can do with what a picture shows. */
export function shownIn({ view, rows, columns, lines }: Picture): Shown {
  return {
    sortable: fittingColumns(columns).filter((name): name is SortName => name !== 'history'),
    count: matching(rows, view.filter).length,
    page: Math.max(1, lines - FRAME_LINES),
  };
}

/** The table alone, of all rows. */
export function tableText(rows: readonly Row[], columns: number, sort: SortName, style: Style): string {
  const names = fittingColumns(columns).filter((name) => name !== 'history');
  const widths = widthsOf(names, columns, rows);
  const lines = [titleLine(names, widths, sort, style), ...rows.map((row) => rowLine(row, names, widths, style))];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function tableLines(picture: Picture): string[] {
  const { view, rows, history, columns, colors, charset } = picture;
  const names = fittingColumns(columns);
  const all = sorted(matching(rows, view.filter), view.sort, view.reversed);
  const { page } = shownIn(picture);
  const offset = Math.max(0, Math.min(view.offset, all.length - page));
  const shown = all.slice(offset, offset + page);
  const widths = widthsOf(names, columns, all);
  const body = shown.map((row) => rowLine(row, names, widths, picture, history));
  const blank = Array.from({ length: page - shown.length }, () => '');
  const heading = shorten(headingOf(picture, all.length), columns, charset);
  return [
    colors.bold(heading),
    colors.inverse(pad(titleLine(names, widths, view.sort, picture), columns, 'left')),
    ...body,
    ...blank,
    colors.dim(shorten(footingOf(picture, all.length, offset, shown.length), columns, charset)),
  ];
}

function headingOf({ title, view, rows }: Picture, count: number): string {
  const filtered = view.filter === '' ? '' : ` of ${rows.length}`;
  const order = `by ${view.sort}${view.reversed ? ', reversed' : ''}`;
  return `${title}  ${count}${filtered}, ${order}${view.paused ? '  PAUSED' : ''}`;
}

function footingOf({ view }: Picture, count: number, offset: number, shown: number): string {
  if (view.typing) return `/${printable(view.filter)}_`;
  const filter = view.filter === '' ? '' : `filter: ${printable(view.filter)}  `;
  const part = shown < count ? `${offset + 1}-${offset + shown} of ${count}  ` : '';
  return `${filter}${part}q quit  < > sort  r reverse  / filter  p pause  ? help`;
}

function helpLines({ colors, columns, charset }: Picture): string[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length));
  return [
    colors.bold(shorten('memcage top', columns, charset)),
    '',
    ...KEYS.map(([keys, meaning]) => shorten(`  ${keys.padEnd(width)}  ${meaning}`, columns, charset)),
    '',
    shorten(
      '  WORKING is what docker stats calls usage: without the page cache that can be dropped first.',
      columns,
      charset,
    ),
    shorten('  Any key goes back.', columns, charset),
  ];
}

/** All fixed but that of the name, which grows with the names as far as there is room. */
function widthsOf(names: readonly ColumnName[], columns: number, rows: readonly Row[]): Map<ColumnName, number> {
  const others = names.filter((name) => name !== 'name').reduce((sum, name) => sum + COLUMNS[name].width + GAP, 0);
  const longest = Math.max(COLUMNS.name.width, ...rows.map(({ name }) => name.length));
  const widths = new Map(names.map((name) => [name, COLUMNS[name].width]));
  return widths.set('name', Math.min(longest, Math.max(1, columns - others)));
}

function titleLine(
  names: readonly ColumnName[],
  widths: ReadonlyMap<ColumnName, number>,
  sort: SortName,
  { colors, charset }: Style,
): string {
  return cells(names, (name) => {
    const width = widths.get(name) ?? 0;
    const title = shorten(COLUMNS[name].title, width, charset);
    return pad(name === sort ? colors.cyan(title) : title, width, COLUMNS[name].side);
  });
}

function rowLine(
  row: Row,
  names: readonly ColumnName[],
  widths: ReadonlyMap<ColumnName, number>,
  { colors, charset }: Style,
  history?: History,
): string {
  return cells(names, (name) => {
    const { side, text } = COLUMNS[name];
    const width = widths.get(name) ?? 0;
    if (name === 'history') return colors.cyan(history?.sparkline(row.path, charset.bars) ?? '');
    const whole = printable(text(row));
    // What tells paths from each other is their end.
    const short = whole.startsWith('/')
      ? truncateStart(whole, width, charset.ellipsis)
      : shorten(whole, width, charset);
    const cell = pad(short, width, side);
    if (name === 'percent' && row.percent >= HOT_PERCENT) return colors.red(cell);
    if (name === 'percent' && row.percent >= WARM_PERCENT) return colors.yellow(cell);
    return name === 'oom' && row.oomKills ? colors.red(cell) : cell;
  });
}

function cells(names: readonly ColumnName[], cell: (name: ColumnName) => string): string {
  return names.map(cell).join(' '.repeat(GAP));
}

function shorten(text: string, width: number, { ellipsis }: Charset): string {
  return truncate(text, width, ellipsis);
}
