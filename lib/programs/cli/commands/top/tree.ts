import { dirname } from 'node:path';
import { isBudget } from '../../../../cgroup/names/own-names';
import { cageOf } from '../../../../machine';
import type { Charset } from '../../text/style';
import { type Arrangement, ordered } from './columns';
import { type About, isCage, matching, type Place, placesOf } from './places';
import type { Row } from './reader';

/** A line of a table: a row in its place in the tree, or what a table says above some rows. */
export interface Line {
  /** Of the row; undefined for a line without figures. */
  row: Row | undefined;
  /** What leads to it from the row that it is in. */
  guide: string;
  name: string;
  about: About;
  /** Whether what is in it is shown; `held`: the filter shows it; `single` if there is nothing in it to show. */
  state: 'open' | 'held' | 'closed' | 'single';
}

export interface TreeOptions extends Pick<Charset, 'tree'> {
  /** Paths of the rows that are not as they are at first: budgets are closed, all others open. */
  flipped: ReadonlySet<string>;
  /** Default: all rows, in their order. */
  arrangement?: Arrangement;
  /** Show which rows can be opened and closed. */
  marked?: boolean;
  /** Show all rows as being in a line above. */
  nested?: boolean;
}

/** Puts rows below those that they are in. Those that the filter leaves keep the rows around them, too. */
export function linesOf(
  rows: readonly Row[],
  { tree, flipped, arrangement, marked = false, nested = false }: TreeOptions,
): Line[] {
  const places = placesOf(rows, { nested });
  const matches = new Set(matching(places.values(), arrangement?.filter ?? ''));
  const nameOf = ({ path, name }: Row): string => places.get(path)?.name ?? name;
  const kept = new Set<string>();
  for (const { path } of matches) {
    for (let at: string | undefined = path; at !== undefined; at = places.get(at)?.around) kept.add(at);
  }
  const within = new Map<string | undefined, Row[]>();
  for (const row of arrangement === undefined ? rows : ordered(rows, arrangement, nameOf)) {
    if (!kept.has(row.path)) continue;
    const around = places.get(row.path)?.around;
    const beside = within.get(around);
    if (beside === undefined) within.set(around, [row]);
    else beside.push(row);
  }
  const isMarked = marked && within.size > 1;

  const below = (around: Row | undefined, guide: string): Line[] => {
    const beside = within.get(around?.path) ?? [];
    return beside.flatMap((row, index) => {
      const { name, about } = places.get(row.path) as Place;
      const isInner = around !== undefined || nested;
      const state = within.has(row.path) ? openness(row, { flipped, isMatch: matches.has(row) }) : 'single';
      const sign = isMarked && (state === 'open' || state === 'closed') ? tree[state] : undefined;
      const isLast = index === beside.length - 1;
      const branch = isLast ? tree.last : tree.branch;
      const outermost = isMarked ? `${sign ?? ' '} ` : '';
      const own = isInner ? `${branch.slice(0, 1)}${sign ?? branch.slice(1)} ` : outermost;
      const inside = isInner ? `${guide}${isLast ? '  ' : tree.beside} ` : '';
      const line: Line = { row, guide: `${guide}${own}`, name, about, state };
      return [line, ...(state === 'open' || state === 'held' ? below(row, inside) : [])];
    });
  };
  return below(undefined, '');
}

interface Openness {
  flipped: ReadonlySet<string>;
  isMatch: boolean;
}

function openness(row: Row, { flipped, isMatch }: Openness): 'open' | 'held' | 'closed' {
  if (!isMatch) return 'held';
  const isClosedAtFirst = isCage(row) && isBudget(row.path);
  return isClosedAtFirst === flipped.has(row.path) ? 'open' : 'closed';
}

/** Rows for programs: those that the filter leaves, with the path of the cage around each. */
export function forPrograms(rows: readonly Row[], arrangement: Arrangement): object[] {
  const matches = matching(placesOf(rows).values(), arrangement.filter);
  return ordered(matches, arrangement).map(({ name, path, pid: _, cage: __, ...others }) => ({
    name,
    path,
    parent: cageOf(dirname(path))?.path ?? null,
    ...others,
  }));
}
