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
  /** In characters. The name gets what is left, but at least this. */
  width: number;
  side: 'left' | 'right';
  /** In a narrow terminal, the column with the highest rank goes first. The name, with rank 0, always stays. */
  rank: number;
  text(row: Row): string;
}

const size = (title: string, rank: number, text: (row: Row) => string): Column => ({
  title,
  width: 10,
  side: 'right',
  rank,
  text,
});

const count = (title: string, rank: number, text: (row: Row) => string): Column => ({
  ...size(title, rank, text),
  width: 5,
});

export const COLUMNS: Readonly<Record<ColumnName, Column>> = {
  name: { title: 'NAME', width: 12, side: 'left', rank: 0, text: ({ name }) => name },
  usage: size('USAGE', 2, ({ usageBytes }) => formatSize(usageBytes)),
  limit: {
    title: '/ LIMIT',
    width: 12,
    side: 'left',
    rank: 5,
    text: ({ limitBytes }) => `/ ${formatSize(limitBytes)}`,
  },
  percent: { title: '%', width: 6, side: 'right', rank: 1, text: ({ percent }) => percent.toFixed(1) },
  cpu: {
    title: 'CPU %',
    width: 6,
    side: 'right',
    rank: 6,
    text: ({ cpuPercent }) => (cpuPercent === null ? '-' : cpuPercent.toFixed(1)),
  },
  history: { title: 'HISTORY', width: 10, side: 'left', rank: 13, text: () => '' },
  peak: size('PEAK', 7, ({ peakBytes }) => (peakBytes === null ? '-' : formatSize(peakBytes))),
  working: size('WORKING', 12, ({ workingSetBytes }) => formatSize(workingSetBytes)),
  anon: size('ANON', 9, ({ anonBytes }) => formatSize(anonBytes)),
  file: size('FILE', 10, ({ fileBytes }) => formatSize(fileBytes)),
  swap: size('SWAP', 11, ({ swapBytes }) => (swapBytes === null ? '-' : formatSize(swapBytes))),
  pids: count('PIDS', 3, ({ processes }) => String(processes)),
  oom: count('OOM', 4, ({ oomKills }) => String(oomKills)),
  command: { title: 'COMMAND', width: 12, side: 'left', rank: 8, text: ({ command }) => command.join(' ') },
};

export const GAP = 2;

/** The columns that fit, in their order. The name gets the width that is left. */
export function fittingColumns(width: number, names: readonly ColumnName[] = COLUMN_NAMES): ColumnName[] {
  const needed = names.reduce((sum, name) => sum + COLUMNS[name].width, 0) + (names.length - 1) * GAP;
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
  /** What is in their name or path. */
  filter: string;
}

/** Sorts the largest number first and names from A to Z, or `reversed`. Equal rows are in the order of their paths. */
export function ordered(rows: readonly Row[], { sort: by, reversed, filter }: Arrangement): Row[] {
  const compare = (a: Row, b: Row): number =>
    by === 'name' ? compareText(a.name, b.name) : VALUES[by](b) - VALUES[by](a);
  const sign = reversed ? -1 : 1;
  return matching(rows, filter).sort((a, b) => sign * compare(a, b) || compareText(a.path, b.path));
}

function matching(rows: readonly Row[], filter: string): Row[] {
  const wanted = filter.toLowerCase();
  return rows.filter(({ name, path }) => name.toLowerCase().includes(wanted) || path.toLowerCase().includes(wanted));
}

const collator = new Intl.Collator('en', { numeric: true });

function compareText(a: string, b: string): number {
  return collator.compare(a, b);
}
