import { dirname } from 'node:path';
import { printable } from '../../../../common/text/names';
import { formatSize } from '../../../../index';
import type { Charset, Colors } from '../../text/style';
import { pad, truncate, truncateStart, widthOf } from '../../text/text-width';
import { COLUMNS, type ColumnName, fittingColumns, GAP, isSortable, type SortName } from './columns';
import type { Row } from './reader';
import { KEYS, type Question, type Shown, type View } from './view';

export interface Style {
  colors: Colors;
  charset: Charset;
}

/** All that a screen shows. */
export interface Picture extends Style {
  view: View;
  /** The rows that the filter leaves, in the order of the view. */
  rows: readonly Row[];
  /** How many rows there are without the filter. */
  total: number;
  history: History;
  /** The beginning of the first line. */
  title: string;
  columns: number;
  lines: number;
}

/** Lines that are not rows: two above them, one below. */
const FRAME_LINES = 3;
const HOT_PERCENT = 90;
const WARM_PERCENT = 75;

/** The lines of the screen: none wider than the terminal, and no more than it has. */
export function screenOf(picture: Picture): string[] {
  const { view, lines } = picture;
  return (view.help ? helpLines(picture) : tableLines(picture)).slice(0, lines);
}

/** What the keys can act on in a picture. */
export function shownIn({ rows, columns, lines }: Picture): Shown {
  return {
    sortable: fittingColumns(columns).filter(isSortable),
    paths: rows.map(({ path }) => path),
    page: Math.max(1, lines - FRAME_LINES),
  };
}

/** The table alone, with all rows. */
export function tableText(rows: readonly Row[], columns: number, sort: SortName, style: Style): string {
  const names = fittingColumns(columns).filter((name) => name !== 'history');
  const widths = widthsOf(names, columns, rows);
  const lines = [titleLine(names, widths, sort, style), ...rows.map((row) => rowLine(row, names, widths, style))];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function tableLines(picture: Picture): string[] {
  const { view, rows, history, columns, colors, charset } = picture;
  const names = fittingColumns(columns);
  const { page } = shownIn(picture);
  const offset = Math.max(0, Math.min(view.offset, rows.length - page));
  const shown = rows.slice(offset, offset + page);
  const widths = widthsOf(names, columns, rows);
  const body = shown.map((row) => {
    const line = rowLine(row, names, widths, picture, history);
    return row.path === view.chosen ? colors.inverse(pad(line, columns, 'left')) : line;
  });
  const blank = Array.from({ length: page - shown.length }, () => '');
  const heading = shorten(headingOf(picture), columns, charset);
  return [
    colors.bold(heading),
    colors.inverse(pad(titleLine(names, widths, view.sort, picture), columns, 'left')),
    ...body,
    ...blank,
    colors.dim(shorten(footingOf(picture, offset, shown.length), columns, charset)),
  ];
}

function headingOf({ title, view, rows, total }: Picture): string {
  const filtered = view.filter === '' ? '' : ` of ${total}`;
  const order = `by ${view.sort}${view.reversed ? ', reversed' : ''}`;
  return `${title}  ${rows.length}${filtered}, ${order}${view.paused ? '  PAUSED' : ''}  total ${totalsOf(rows)}`;
}

/** Sums up the outermost cgroups only: their figures include the cgroups below them. */
function totalsOf(all: readonly Row[]): string {
  const paths = new Set(all.map(({ path }) => path));
  const outer = all.filter(({ path }) => !isBelowOneOf(path, paths));
  const sum = (of: (row: Row) => number): number => outer.reduce((total, row) => total + of(row), 0);
  const processes = sum((row) => row.processes);
  const cpu = `${sum((row) => row.cpuPercent ?? 0).toFixed(1)} % CPU`;
  return `${formatSize(sum((row) => row.usageBytes))}, ${cpu}, ${processes === 1 ? '1 process' : `${processes} processes`}`;
}

function isBelowOneOf(path: string, paths: ReadonlySet<string>): boolean {
  for (let above = dirname(path); above !== '/'; above = dirname(above)) if (paths.has(above)) return true;
  return paths.has('/') && path !== '/';
}

function footingOf({ view, rows }: Picture, offset: number, shown: number): string {
  if (view.typing) return `/${printable(view.filter)}_`;
  if (view.asking !== undefined) return questionOf(view.asking, rows);
  if (view.told !== '') return printable(view.told);
  const filter = view.filter === '' ? '' : `filter: ${printable(view.filter)}  `;
  const part = shown < rows.length ? `${offset + 1}-${offset + shown} of ${rows.length}  ` : '';
  return `${filter}${part}q quit  < > sort  r reverse  / filter  k kill  l limit  p pause  ? help`;
}

function questionOf({ action, path, text }: Question, rows: readonly Row[]): string {
  const { name = path, processes = 0, limitBytes = 0 } = rows.find((row) => row.path === path) ?? {};
  const which = printable(name);
  if (action === 'kill') return `Kill ${processes === 1 ? '1 process' : `all ${processes} processes`} of ${which}? y/N`;
  return `Limit of ${which}, ${formatSize(limitBytes)} now: ${printable(text)}_`;
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

/** Columns have fixed widths. Only the name grows with its texts while there is room, and the command gets the rest. */
function widthsOf(names: readonly ColumnName[], columns: number, rows: readonly Row[]): Map<ColumnName, number> {
  const fixed = names.filter((name) => name !== 'name').reduce((sum, name) => sum + COLUMNS[name].width + GAP, 0);
  const longest = (name: 'name' | 'command'): number =>
    Math.max(COLUMNS[name].width, ...rows.map((row) => widthOf(printable(COLUMNS[name].text(row)))));
  const widths = new Map(names.map((name) => [name, COLUMNS[name].width]));
  const nameWidth = Math.min(longest('name'), Math.max(1, columns - fixed));
  if (names.includes('command')) {
    const rest = columns - fixed - nameWidth + COLUMNS.command.width;
    widths.set('command', Math.min(longest('command'), Math.max(COLUMNS.command.width, rest)));
  }
  return widths.set('name', nameWidth);
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
    // The ends of paths tell them apart.
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

/** The usage of each cgroup in the last samples, in percent of its limit. */
export class History {
  #percents = new Map<string, number[]>();

  /** Adds a sample. Forgets cgroups that are not in it. */
  add(rows: readonly Row[]): void {
    this.#percents = new Map(
      rows.map(({ path, percent }) => [
        path,
        [...(this.#percents.get(path) ?? []), percent].slice(-COLUMNS.history.width),
      ]),
    );
  }

  /** A bar for each sample, the newest on the right. */
  sparkline(path: string, bars: readonly string[]): string {
    return (this.#percents.get(path) ?? [])
      .map((percent) => bars[Math.min(bars.length - 1, Math.floor((percent / 100) * bars.length))] ?? '')
      .join('')
      .padStart(COLUMNS.history.width);
  }
}
