import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { IdMapProgram } from '../../../types/native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { readIfAllowed } from '../../common/machine/proc';

/** `count` numbers from `start` on. */
export interface IdRange {
  start: number;
  count: number;
}

/** A line of uid_map or gid_map. */
interface IdMapping {
  inside: number;
  outside: number;
  count: number;
}

interface IdKind {
  program: string;
  file: string;
}

const UIDS: IdKind = { program: 'newuidmap', file: '/etc/subuid' };
const GIDS: IdKind = { program: 'newgidmap', file: '/etc/subgid' };

// Where to look if PATH does not help: a service may have an empty PATH.
const USUAL_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

// 2^32 - 1 is not an id.
const ID_END = 2 ** 32 - 1;

/** The caller's ids outside, and inside the namespace. */
export interface OwnIds {
  uid: { inside: number; outside: number };
  gid: { inside: number; outside: number };
}

/**
 * The programs that map the caller's own ids and all its subordinate ids.
 *
 * @throws MemcageError ERR_MEMCAGE_NO_NEWUIDMAP, ERR_MEMCAGE_NO_SUBORDINATE_IDS
 * @see https://man7.org/linux/man-pages/man5/subuid.5.html
 * @see https://man7.org/linux/man-pages/man1/newuidmap.1.html
 */
export function mapSubordinateIds(own: OwnIds): IdMapProgram[] {
  return [mapWith(UIDS, own.uid, own.uid.outside), mapWith(GIDS, own.gid, own.uid.outside)];
}

function mapWith({ program, file }: IdKind, own: OwnIds['uid'], owner: number): IdMapProgram {
  const path = findProgram(program);
  const ranges = parseRanges(readIfAllowed(file) ?? '', ownerNames(owner));
  if (ranges.length === 0) {
    const name = ownerNames(owner)[0];
    const option = program === UIDS.program ? '--add-subuids' : '--add-subgids';
    throw new MemcageError(
      ErrorCode.NO_SUBORDINATE_IDS,
      `${file} has no range for ${name}: \`usermod ${option} FIRST-LAST ${name}\`, as root, adds one, ` +
        'and `namespaces.user` without `subordinate` needs none',
      { path: file, option: 'namespaces.user.subordinate' },
    );
  }
  const mappings = layOut(own.inside, own.outside, ranges);
  return { file: path, args: mappings.flatMap(({ inside, outside, count }) => [inside, outside, count].map(String)) };
}

function findProgram(program: string): string {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute), ...USUAL_DIRECTORIES];
  const found = directories.map((directory) => join(directory, program)).find(isExecutable);
  if (found !== undefined) return found;
  throw new MemcageError(
    ErrorCode.NO_NEWUIDMAP,
    `${program} is not installed: the package uidmap (Debian, Ubuntu), shadow-utils (Fedora) or shadow has it; ` +
      '`namespaces.user` without `subordinate` does not need it',
    { path: program, option: 'namespaces.user.subordinate' },
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How the files may name a user: by its name, if it has one, and by its uid. */
function ownerNames(uid: number): [string, ...string[]] {
  try {
    return [userInfo().username, String(uid)];
  } catch {
    return [String(uid)];
  }
}

/** The ranges of a subuid(5) file that belong to a user, in the order of the file. */
export function parseRanges(text: string, owners: readonly string[]): IdRange[] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length === 3 && owners.includes(fields[0] ?? ''))
    .map(([, start, count]) => ({ start: parseNumber(start), count: parseNumber(count) }))
    .filter(({ start, count }) => count > 0 && start + count <= ID_END);
}

function parseNumber(text = ''): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Maps the caller's own id to `inside`, and all others to the ids from 0 on, around it. No id occurs twice, which the
 * kernel would refuse.
 */
export function layOut(inside: number, outside: number, ranges: readonly IdRange[]): IdMapping[] {
  const mappings: IdMapping[] = [{ inside, outside, count: 1 }];
  let next = inside === 0 ? 1 : 0;
  for (let { start, count } of disjoint(ranges, { start: outside, count: 1 })) {
    while (count > 0 && next < ID_END) {
      const room = (next < inside ? inside : ID_END) - next;
      const part = Math.min(count, room);
      mappings.push({ inside: next, outside: start, count: part });
      start += part;
      count -= part;
      next += part;
      if (next === inside) next += 1;
    }
  }
  return mappings;
}

/** Removes what is taken, and what an earlier range has. */
function disjoint(ranges: readonly IdRange[], taken: IdRange): IdRange[] {
  const kept: IdRange[] = [];
  for (const range of ranges) kept.push(...[taken, ...kept].reduce(subtract, [range]));
  return kept;
}

function subtract(parts: readonly IdRange[], other: IdRange): IdRange[] {
  return parts.flatMap((part) => {
    const end = part.start + part.count;
    const first = Math.max(part.start, other.start + other.count);
    const before = { start: part.start, count: Math.min(end, other.start) - part.start };
    return [before, { start: first, count: end - first }].filter(({ count }) => count > 0);
  });
}
