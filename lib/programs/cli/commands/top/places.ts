import { dirname } from 'node:path';
import { isBudget, isLeaf, kindOf } from '../../../../cgroup/names/own-names';
import type { Row } from './reader';

/** What a table says of a row. It depends on the other rows. */
export interface Place {
  row: Row;
  /** Path of the row that it is in. */
  around: string | undefined;
  name: string;
  about: About;
}

/** What the column COMMAND says. */
export interface About {
  before: string;
  command: readonly string[];
  isBad: boolean;
}

/** The places of all rows, by their paths. `nested`: what is in no row is in a line above. */
export function placesOf(rows: readonly Row[], { nested = false } = {}): ReadonlyMap<string, Place> {
  // Everything is in the root, so that would say nothing.
  const outer = new Map(rows.filter(({ name }) => name !== '/').map((row) => [row.path, row]));
  const parts = new Map<string, Row[]>();
  for (const row of rows) {
    const around = dirname(row.path);
    if (!isPart(row)) continue;
    const beside = parts.get(around);
    if (beside === undefined) parts.set(around, [row]);
    else beside.push(row);
  }
  const places = rows.map((row): Place => {
    const around = nearestAbove(row.path, outer);
    const about = aboutOf(row, { parts, isInner: around !== undefined || nested });
    return { row, around, name: nameIn(row, around === undefined ? undefined : outer.get(around), parts), about };
  });
  return new Map(places.map((place) => [place.row.path, place]));
}

/** Those in which what is shown of them, their own name or their path has a text, in upper case or lower. */
export function matching(places: Iterable<Place>, filter: string): Row[] {
  const wanted = filter.toLowerCase();
  return [...places]
    .filter(({ row, name, about: { before, command } }) =>
      [name, `${before}${command.join(' ')}`, row.name, row.path].some((text) => text.toLowerCase().includes(wanted)),
    )
    .map(({ row }) => row);
}

/** The innermost of the cgroups that a cgroup is in, by their paths. */
export function nearestAbove(path: string, paths: { has(path: string): boolean }): string | undefined {
  for (let at = path; at !== '/' && at !== '.'; ) {
    at = dirname(at);
    if (paths.has(at)) return at;
  }
  return undefined;
}

/** Whether the row is that of a cage. */
export function isCage({ path }: Pick<Row, 'path'>): boolean {
  const kind = kindOf(path);
  return kind === 'cage' || kind === 'detached';
}

/** The leaves and the cages that the owner of a cage has made in it, by the path of the cage. */
type Parts = ReadonlyMap<string, readonly Row[]>;

/** A cage of another owner is in a directory of that. */
function isPart({ path }: Row): boolean {
  return isLeaf(path) || (kindOf(path) === 'cage' && kindOf(dirname(path)) === 'cage');
}

/** Whether the row is that of a cage for one child. */
function isPrivate(row: Row, parts: Parts): boolean {
  return isCage(row) && row.processes > 0 && !parts.has(row.path);
}

/** A path within another one begins there. Children in a cage are called alike, whether they have a cage of their own or not. */
function nameIn(row: Row, around: Row | undefined, parts: Parts): string {
  const { name, path, pid } = row;
  if (around === undefined) return name;
  if (name.startsWith('/')) return path.slice(around.path.length + 1);
  return pid !== undefined && isPart(row) && isPrivate(row, parts) ? String(pid) : name;
}

function aboutOf(row: Row, { parts, isInner }: { parts: Parts; isInner: boolean }): About {
  const { cage, command } = row;
  const isOwned = cage?.owner.alive !== false;
  if (cage?.spare === true)
    return { before: isOwned ? 'kept ready for the next child' : 'empty', command: [], isBad: false };
  const isDead = !isOwned && cage.kind !== 'detached' && !isInner;
  if (!isCage(row) || isPrivate(row, parts)) {
    return { before: isDead ? 'dead owner: ' : '', command, isBad: isDead };
  }
  const inner = parts.get(row.path) ?? [];
  const cages = inner.filter((each) => isCage(each) && !isPrivate(each, parts)).length;
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
