import { basename, dirname } from 'node:path';
import { ownKind, pidInName } from '../cgroup/names/own-names';
import { invalidArgument } from '../errors/errors';

/** What {@link cageOf} finds. */
export interface CageName {
  /**
   * What people call it, and {@link findCage} takes: the pid that its owner had, a slash, and its number, or the beginning of
   * its own name if it is a detached child's.
   */
  label: string;
  /** `detached`: that of a detached child, which outlives its owner. */
  kind: 'cage' | 'detached';
  /** The pid that its owner had, in its own PID namespace. */
  ownerPid: number;
  /** Of the cage's own cgroup, which is that of the path, or above it. */
  path: string;
}

/** Of the random part of a detached cage's name. */
const LETTERS = 8;

/**
 * The cage of some memcage that a cgroup belongs to, by its path: the innermost one; undefined when it is in none. Nothing is
 * read for that, and the cgroup need not exist.
 *
 * @param path of the cgroup, {@link Cgroup.path} for example
 */
export function cageOf(path: string): CageName | undefined {
  if (typeof path !== 'string') throw invalidArgument('path', 'the path of a cgroup', path);
  for (let at = path; basename(at) !== ''; at = dirname(at)) {
    const found = named(at);
    if (found !== undefined) return found;
    if (at === '.') break;
  }
  return undefined;
}

function named(path: string): CageName | undefined {
  const name = basename(path);
  if (ownKind(name) === 'detached') {
    return withOwner('detached', path, { owner: name, which: name.slice(name.lastIndexOf('-') + 1).slice(0, LETTERS) });
  }
  const owner = basename(dirname(path));
  return ownKind(owner) === 'owner' ? withOwner('cage', path, { owner, which: name }) : undefined;
}

function withOwner(kind: CageName['kind'], path: string, { owner, which }: { owner: string; which: string }): CageName {
  const ownerPid = pidInName(owner) as number;
  return { label: `${ownerPid}/${which}`, kind, ownerPid, path };
}
