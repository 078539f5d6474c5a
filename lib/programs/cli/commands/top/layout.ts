import { printable } from '../../../../common/text/names';
import { pad, truncate, truncateStart, widthOf } from '../../../../common/text/text-width';
import { formatSize } from '../../../../index';
import { commandText } from '../../text/command-text';
import { type Charset, type Colors, colorsOf } from '../../text/style';
import { COLUMNS, type ColumnName, fittingColumns, isSortable, type SortName } from './columns';
import { type About, counted, isCage, matching, nearestAbove, placesOf } from './places';
import type { Row } from './reader';
import { type Line, linesOf } from './tree';
import { chosenAt, KEYS, type Question, type Shown, type ShownRow, type View } from './view';

interface Style {
  colors: Colors;
  charset: Charset;
}

/** All that a screen shows. */
export interface Picture extends Style {
  view: View;
  /** All, also those that the filter hides. */
  rows: readonly Row[];
  /** What to say if there are none at all. */
  nothing: string;
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
export function shownIn(picture: Picture): Omit<Shown, 'whyNoKill'> {
  return {
    sortable: fittingColumns(picture.columns).filter(isSortable),
    rows: shownRows(treeOf(picture)),
    page: pageOf(picture),
  };
}

function shownRows(lines: readonly Line[]): ShownRow[] {
  return lines.map(({ row, state }) => ({ path: row?.path ?? '', state }));
}

function pageOf({ lines }: Picture): number {
  return Math.max(1, lines - FRAME_LINES);
}

/** The table alone, with all lines. */
export function tableText(
  lines: readonly Line[],
  columns: number,
  { sort, names = fittingColumns(columns).filter((name) => name !== 'history'), ...style }: TableStyle,
): string {
  const widths = widthsOf(names, columns, lines);
  const all = [titleLine(names, widths, sort, style), ...lines.map((line) => textOf(line, names, widths, style))];
  return all.map((line) => `${line.trimEnd()}\n`).join('');
}

export interface TableStyle extends Style {
  sort?: SortName | undefined;
  /** Default: all that fit. */
  names?: readonly ColumnName[];
}

function treeOf({ rows, view, charset: { tree } }: Picture): Line[] {
  return linesOf(rows, { tree, flipped: view.flipped, arrangement: view, marked: true });
}

function tableLines(picture: Picture): string[] {
  const { view, history, columns, colors, charset } = picture;
  const names = fittingColumns(columns);
  const lines = treeOf(picture);
  const page = pageOf(picture);
  const offset = Math.max(0, Math.min(view.offset, lines.length - page));
  const shown = lines.slice(offset, offset + page);
  const widths = widthsOf(names, columns, lines);
  const chosen = lines[chosenAt(shownRows(lines), view)];
  const body = shown.map((line) => {
    if (line !== chosen) return textOf(line, names, widths, picture, history);
    const plain = { charset, colors: NO_COLORS };
    return colors.inverse(pad(textOf(line, names, widths, plain, history), columns, 'left'));
  });
  const why = `  ${whyEmpty(picture, view)}${picture.rows.length > 0 ? ' Esc takes the filter away.' : ''}`;
  const empty = lines.length === 0 ? ['', shorten(why, columns, charset)].slice(0, page) : [];
  const blank = Array.from({ length: page - shown.length - empty.length }, () => '');
  return [
    colors.bold(shorten(headingOf(picture), columns, charset)),
    colors.bold(pad(titleLine(names, widths, view.sort, picture), columns, 'left')),
    ...body,
    ...empty,
    ...blank,
    footing(picture, { offset, shown: shown.length, lines }),
  ];
}

const NO_COLORS = colorsOf({ isTTY: false });

/** Why a table has no lines: what to say if there are no rows at all, or that the filter hides them. */
export function whyEmpty(
  { rows, nothing }: Pick<Picture, 'rows' | 'nothing'>,
  { filter }: Pick<View, 'filter'>,
): string {
  return rows.length === 0 ? nothing : `Nothing has "${printable(filter)}" in its name, path or command.`;
}

function headingOf({ title, view, rows }: Picture): string {
  const matches = matching(placesOf(rows).values(), view.filter);
  const outer = outermost(matches);
  const isCages = outer.length > 0 && outer.every(isCage);
  const what = isCages ? counted(outer.length, ['cage', 'cages']) : counted(matches.length, ['cgroup', 'cgroups']);
  const filtered = view.filter === '' ? '' : ` (${matches.length} of ${rows.length} rows)`;
  const order = `by ${view.sort}${view.reversed ? ', reversed' : ''}`;
  return `${title}  ${view.paused ? 'PAUSED  ' : ''}${what}${filtered}, ${totalsOf(outer)}  ${order}`;
}

/** Their figures include the cgroups below them. */
function outermost(rows: readonly Row[]): Row[] {
  const paths = new Set(rows.map(({ path }) => path));
  return rows.filter(({ path }) => nearestAbove(path, paths) === undefined);
}

function totalsOf(outer: readonly Row[]): string {
  const sum = (of: (row: Row) => number): number => outer.reduce((total, row) => total + of(row), 0);
  const processes = counted(
    sum((row) => row.processes),
    ['process', 'processes'],
  );
  const cpu = `${sum((row) => row.cpuPercent ?? 0).toFixed(1)} % CPU`;
  return `${processes}, ${formatSize(sum((row) => row.usageBytes))}, ${cpu}`;
}

interface Part {
  offset: number;
  shown: number;
  lines: readonly Line[];
}

function footing({ view, columns, colors, charset }: Picture, { offset, shown, lines }: Part): string {
  const text = (words: string): string => shorten(words, columns, charset);
  if (view.typing) return text(`/${printable(view.filter)}_`);
  if (view.asking !== undefined) return colors.bold(text(questionOf(view.asking, lines)));
  if (view.told !== '') return colors.bold(text(printable(view.told)));
  const filter = view.filter === '' ? '' : `filter: ${printable(view.filter)}  `;
  const { length } = lines;
  const part = shown < length ? `${offset + 1}-${offset + shown} of ${length}  ` : '';
  return colors.dim(text(`${part}${filter}? help  q quit  Enter open  k kill  l limit  / filter  < > sort  r reverse`));
}

function questionOf({ action, path, text }: Question, lines: readonly Line[]): string {
  const line = lines.find(({ row }) => row?.path === path);
  const { processes = 0, limitBytes = 0 } = line?.row ?? {};
  const which = printable(line === undefined ? path : nameOf(line));
  if (action === 'kill') return `Kill ${processes === 1 ? '1 process' : `all ${processes} processes`} of ${which}? y/N`;
  return `Limit of ${which}, ${formatSize(limitBytes)} now: ${printable(text)}_`;
}

/** What other commands take for it, too. */
function nameOf({ row, name }: Line): string {
  return isPath({ row }) ? (row?.name ?? name) : name;
}

function isPath({ row }: Pick<Line, 'row'>): boolean {
  return row?.name.startsWith('/') === true;
}

function helpLines({ colors, columns, charset }: Picture): string[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length));
  const texts = [
    ...KEYS.map(([keys, meaning]) => `  ${keys.padEnd(width)}  ${meaning}`),
    '',
    "  NAME     a cage: its owner's pid / its number; a child in a cage: its pid",
    "  LIMIT    the smallest of it and those around it, or the machine's memory",
    '  WORKING  what docker stats calls usage: without cache that can go first',
    '',
    '  Any key goes back.',
  ];
  return [colors.bold('memcage top'), '', ...texts].map((line) => shorten(line, columns, charset));
}

/** Columns have fixed widths. Only the name grows with its texts while there is room, and the command gets the rest. */
function widthsOf(names: readonly ColumnName[], columns: number, lines: readonly Line[]): Map<ColumnName, number> {
  const fixed = names.reduce((sum, name, index) => {
    return sum + (name === 'name' ? 0 : COLUMNS[name].width) + (index === 0 ? 0 : COLUMNS[name].gap);
  }, 0);
  const longest = (name: 'name' | 'command', all: readonly Line[], text: (line: Line) => string): number =>
    all.reduce((most, line) => Math.max(most, widthOf(text(line))), COLUMNS[name].width);
  const nameOfLine = (line: Line): string => `${line.guide}${printable(line.name)}`;
  const widths = new Map(names.map((name) => [name, COLUMNS[name].width]));
  const room = Math.max(1, columns - fixed);
  const short = lines.filter((line) => !isPath(line));
  // Long paths leave the command half of the room.
  const most = names.includes('command')
    ? Math.max(longest('name', short, nameOfLine), Math.floor((room + COLUMNS.command.width) / 2))
    : room;
  const nameWidth = Math.min(longest('name', lines, nameOfLine), room, most);
  if (names.includes('command')) {
    const rest = columns - fixed - nameWidth + COLUMNS.command.width;
    const command = longest('command', lines, ({ about }) => aboutText(about, Number.POSITIVE_INFINITY, ''));
    widths.set('command', Math.min(command, Math.max(COLUMNS.command.width, rest)));
  }
  return widths.set('name', nameWidth);
}

function titleLine(
  names: readonly ColumnName[],
  widths: ReadonlyMap<ColumnName, number>,
  sort: SortName | undefined,
  { colors, charset }: Style,
): string {
  return cells(names, (name) => {
    const width = widths.get(name) ?? 0;
    const title = shorten(COLUMNS[name].title, width, charset);
    return pad(name === sort ? colors.cyan(title) : title, width, COLUMNS[name].side);
  });
}

function textOf(
  line: Line,
  names: readonly ColumnName[],
  widths: ReadonlyMap<ColumnName, number>,
  { colors, charset }: Style,
  history?: History,
): string {
  const { row, about } = line;
  return cells(names, (name) => {
    const { side, text } = COLUMNS[name];
    const width = widths.get(name) ?? 0;
    if (name === 'name') {
      const cell = pad(nameText(line, width, charset), width, side);
      return row === undefined ? colors.bold(cell) : cell;
    }
    if (name === 'command') {
      const cell = pad(aboutText(about, width, charset.ellipsis), width, side);
      return about.isBad ? colors.red(cell) : cell;
    }
    if (row === undefined) return ' '.repeat(width);
    if (name === 'history') return colors.cyan(history?.sparkline(row.path, charset.bars) ?? '');
    const cell = pad(shorten(text(row), width, charset), width, side);
    if (name === 'percent' && row.percent >= HOT_PERCENT) return colors.red(cell);
    if (name === 'percent' && row.percent >= WARM_PERCENT) return colors.yellow(cell);
    return name === 'oom' && row.oomKills ? colors.red(cell) : cell;
  });
}

function nameText({ guide, name, row }: Line, width: number, charset: Charset): string {
  const left = width - widthOf(guide);
  const whole = printable(name);
  if (left < 2) return shorten(`${guide}${whole}`, width, charset);
  // The ends of paths tell them apart.
  return `${guide}${isPath({ row }) ? truncateStart(whole, left, charset.ellipsis) : shorten(whole, left, charset)}`;
}

function aboutText({ before, command }: About, width: number, ellipsis: string): string {
  return truncate(`${before}${commandText(command, width - widthOf(before), ellipsis)}`, width, ellipsis);
}

function cells(names: readonly ColumnName[], cell: (name: ColumnName) => string): string {
  return names.map((name, index) => `${index === 0 ? '' : ' '.repeat(COLUMNS[name].gap)}${cell(name)}`).join('');
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
