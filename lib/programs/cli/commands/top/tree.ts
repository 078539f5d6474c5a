import { dirname } from 'node:path';
import { isBudget, kindOf } from '../../../../cgroup/names/own-names';
import type { Charset } from '../../text/style';
import type { Row } from './reader';

/** A line of a table: a row in its place in the tree, or what a table says above some rows. */
export interface Line {
  /** Of the row; undefined for a line without figures. */
  row: Row | undefined;
  /** What leads to it from the row that it is in. */
  guide: string;
  name: string;
  about: About;
  /** Whether what is in it is shown; `single` if there is nothing in it. */
  state: 'open' | 'closed' | 'single';
}

/** What the column COMMAND says. */
export interface About {
  before: string;
  command: readonly string[];
  isBad: boolean;
}

export interface TreeOptions extends Pick<Charset, 'tree'> {
  /** Paths of the rows that are not as they are at first: budgets are closed, all others open. */
  flipped: ReadonlySet<string>;
  /** Show which rows can be opened and closed. */
  marked?: boolean;
  /** Show all rows as being in a line above. */
  nested?: boolean;
}

/** Puts rows below those that they are in. Rows beside each other stay in their order. */
export function linesOf(rows: readonly Row[], { tree, flipped, marked = false, nested = false }: TreeOptions): Line[] {
  // Everything is in the root, so that would say nothing.
  const paths = new Set(rows.filter(({ name }) => name !== '/').map(({ path }) => path));
  const within = new Map<string | undefined, Row[]>();
  for (const row of rows) {
    const around = nearestAbove(row.path, paths);
    const beside = within.get(around);
    if (beside === undefined) within.set(around, [row]);
    else beside.push(row);
  }
  const isMarked = marked && within.size > 1;

  const below = (around: Row | undefined, guide: string): Line[] => {
    const beside = within.get(around?.path) ?? [];
    return beside.flatMap((row, index) => {
      const isInner = around !== undefined || nested;
      const inner = within.get(row.path) ?? [];
      const isOpen = isClosedAtFirst(row) === flipped.has(row.path);
      const state = inner.length === 0 ? 'single' : isOpen ? 'open' : 'closed';
      const sign = isMarked && state !== 'single' ? tree[state] : undefined;
      const isLast = index === beside.length - 1;
      const branch = isLast ? tree.last : tree.branch;
      const outermost = isMarked ? `${sign ?? ' '} ` : '';
      const line: Line = {
        row,
        guide: `${guide}${isInner ? `${branch.slice(0, 1)}${sign ?? branch.slice(1)} ` : outermost}`,
        name: nameIn(row, around, state),
        about: aboutOf(row, inner, { isInner, within }),
        state,
      };
      const inside = isInner ? `${guide}${isLast ? '  ' : tree.beside} ` : '';
      return [line, ...(state === 'open' ? below(row, inside) : [])];
    });
  };
  return below(undefined, '');
}

/** Rows for programs: with the path of the row that each is in. */
export function forPrograms(rows: readonly Row[]): object[] {
  const paths = new Set(rows.map(({ path }) => path));
  return rows.map(({ name, path, pid: _, cage: __, ...others }) => ({
    name,
    path,
    parent: nearestAbove(path, paths) ?? null,
    ...others,
  }));
}

/** The innermost of the cgroups that a cgroup is in, by their paths. */
export function nearestAbove(path: string, paths: ReadonlySet<string>): string | undefined {
  for (let at = path; at !== '/' && at !== '.'; ) {
    at = dirname(at);
    if (paths.has(at)) return at;
  }
  return undefined;
}

/** Whether the row is that of a cage. */
function isCage({ path }: Pick<Row, 'path'>): boolean {
  const kind = kindOf(path);
  return kind === 'cage' || kind === 'detached';
}

function isClosedAtFirst(row: Row): boolean {
  return isCage(row) && isBudget(row.path);
}

/** A path within another one begins there. Children in a cage are called alike, whether they have a cage of their own or not. */
function nameIn({ name, path, pid }: Row, around: Row | undefined, state: Line['state']): string {
  if (around === undefined) return name;
  if (name.startsWith('/')) return path.slice(around.path.length + 1);
  return isCage(around) && state === 'single' && pid !== undefined ? String(pid) : name;
}

interface Place {
  isInner: boolean;
  within: ReadonlyMap<string | undefined, readonly Row[]>;
}

function aboutOf(row: Row, inner: readonly Row[], { isInner, within }: Place): About {
  const { cage, command } = row;
  const isOwned = cage?.owner.alive !== false;
  if (cage?.spare === true)
    return { before: isOwned ? 'kept ready for the next child' : 'empty', command: [], isBad: false };
  const isDead = !isOwned && cage.kind !== 'detached' && !isInner;
  if (!isCage(row) || (inner.length === 0 && row.processes > 0)) {
    return { before: isDead ? 'dead owner: ' : '', command, isBad: isDead };
  }
  const isShared = (each: Row): boolean => isCage(each) && (each.processes === 0 || within.has(each.path));
  const cages = inner.filter(isShared).length;
  const what = contents(isBudget(row.path) ? JOBS : CHILDREN, inner.length - cages, cages);
  if (isDead) return { before: `${what} of a dead owner`, command: [], isBad: true };
  const owner = isInner ? [] : (cage?.owner.command ?? []);
  return { before: owner.length === 0 ? what : `${what} of `, command: owner, isBad: false };
}

const JOBS = ['job', 'jobs'] as const;
const CHILDREN = ['child', 'children'] as const;
const CAGES = ['cage', 'cages'] as const;

function contents(words: readonly [string, string], children: number, cages: number): string {
  if (cages === 0) return children === 0 ? `no ${words[1]}` : counted(children, words);
  return `${children === 0 ? '' : `${counted(children, words)} and `}${counted(cages, CAGES)}`;
}

export function counted(count: number, [one, many]: readonly [string, string]): string {
  return `${count} ${count === 1 ? one : many}`;
}
