import { formatSize } from '../../../../index';
import type { Row } from './reader';

export const COLUMN_NAMES = [
  'name',
  'usage',
  'limit',
  'percent',
  'cpu',
  'history',
  'peak',
  'working',
  'anon',
  'file',
  'swap',
  'pids',
  'oom',
  'command',
] as const;

export type ColumnName = (typeof COLUMN_NAMES)[number];
export type SortName = Exclude<ColumnName, 'history' | 'command'>;

export const SORT_NAMES = COLUMN_NAMES.filter(isSortable);

export function isSortable(name: ColumnName): name is SortName {
  return name !== 'history' && name !== 'command';
}

export interface Column {
  title: string;
  /** In characters. The name and the command get what is left, but at least this. */
  width: number;
  side: 'left' | 'right';
  /** The blanks before it, unless it is the first. */
  gap: number;
  /** In a narrow terminal, the column with the highest rank goes first. The name, with rank 0, always stays. */
  rank: number;
  /** What the name and the command of a row are depends on its place in the tree, and the history on former samples. */
  text(row: Row): string;
}

const GAP = 2;

const bytes = (title: string, rank: number, of: (row: Row) => number | null): Column => ({
  title,
  width: 9,
  side: 'right',
  gap: GAP,
  rank,
  text: (row) => sizeText(of(row)),
});

const number = (title: string, width: number, rank: number, text: (row: Row) => string): Column => ({
  ...{ title, width, side: 'right', gap: 1, rank, text },
});

const words = (title: string, width: number, rank: number, text = (_: Row): string => ''): Column => ({
  ...{ title, width, side: 'left', gap: GAP, rank, text },
});

export const COLUMNS: Readonly<Record<ColumnName, Column>> = {
  name: words('NAME', 12, 0),
  usage: bytes('USAGE', 1, ({ usageBytes }) => usageBytes),
  limit: { ...words('/ LIMIT', 11, 3, ({ limitBytes }) => `/ ${sizeText(limitBytes)}`), gap: 1 },
  percent: number('%', 5, 2, ({ percent }) => percentText(percent)),
  cpu: {
    ...number('CPU %', 5, 5, ({ cpuPercent }) => (cpuPercent === null ? '-' : percentText(cpuPercent))),
    gap: GAP,
  },
  history: words('HISTORY', 10, 9),
  peak: bytes('PEAK', 8, ({ peakBytes }) => peakBytes),
  working: bytes('WORKING', 13, ({ workingSetBytes }) => workingSetBytes),
  anon: bytes('ANON', 10, ({ anonBytes }) => anonBytes),
  file: bytes('FILE', 11, ({ fileBytes }) => fileBytes),
  swap: bytes('SWAP', 12, ({ swapBytes }) => swapBytes),
  pids: number('PIDS', 4, 6, ({ processes }) => countText(processes, 4)),
  oom: number('OOM', 3, 7, ({ oomKills }) => countText(oomKills, 3)),
  command: words('COMMAND', 12, 4),
};

/** At most nine characters: `1023.9 MiB` loses its decimal. */
function sizeText(size: number | null): string {
  if (size === null) return '-';
  const text = formatSize(size);
  return text.length > 9 ? text.replace(/\.\d/, '') : text;
}

/** At most five characters, up to 999 processors. */
function percentText(percent: number): string {
  return percent.toFixed(percent < 999.95 ? 1 : 0);
}

/** In thousands if it would not fit. */
function countText(count: number, width: number): string {
  return String(count).length > width ? `${Math.floor(count / 1000)}k` : String(count);
}

/** The rank of the last column that a terminal of 80 columns has. */
const LAST_OF_80 = 7;
/** What names and commands get on top before there are more columns. */
const ROOM_FOR_TEXTS = 24;

/** The columns that fit, in their order. The name and the command get the width that is left. */
export function fittingColumns(width: number, names: readonly ColumnName[] = COLUMN_NAMES): ColumnName[] {
  const spare = names.some((name) => COLUMNS[name].rank > LAST_OF_80) ? ROOM_FOR_TEXTS : 0;
  const needed = names.reduce((sum, name) => sum + COLUMNS[name].width + COLUMNS[name].gap, spare - GAP);
  if (needed <= width || names.length === 1) return [...names];
  const next = names.reduce((worst, name) => (COLUMNS[name].rank > COLUMNS[worst].rank ? name : worst));
  return fittingColumns(
    width,
    names.filter((name) => name !== next),
  );
}

const VALUES: Readonly<Record<Exclude<SortName, 'name'>, (row: Row) => number>> = {
  usage: (row) => row.usageBytes,
  limit: (row) => row.limitBytes,
  percent: (row) => row.percent,
  cpu: (row) => row.cpuPercent ?? -1,
  peak: (row) => row.peakBytes ?? -1,
  working: (row) => row.workingSetBytes,
  anon: (row) => row.anonBytes,
  file: (row) => row.fileBytes,
  swap: (row) => row.swapBytes ?? -1,
  pids: (row) => row.processes,
  oom: (row) => row.oomKills,
};

/** Which rows there are, and in which order. */
export interface Arrangement {
  sort: SortName;
  reversed: boolean;
  /** What is in what is shown of them, in their name or in their path. */
  filter: string;
}

/** Sorts the largest number first and names from A to Z, or `reversed`. Equal rows are in the order of their paths. */
export function ordered(
  rows: readonly Row[],
  { sort: by, reversed }: Omit<Arrangement, 'filter'>,
  nameOf = ({ name }: Row): string => name,
): Row[] {
  const compare = (a: Row, b: Row): number =>
    by === 'name' ? compareText(nameOf(a), nameOf(b)) : VALUES[by](b) - VALUES[by](a);
  const sign = reversed ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(a, b) || compareText(a.path, b.path));
}

const collator = new Intl.Collator('en', { numeric: true });

function compareText(a: string, b: string): number {
  return collator.compare(a, b);
}
