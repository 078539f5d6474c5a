import { basename, dirname } from 'node:path';
import { host } from '../cgroup/hierarchy/host';
import { pidInName } from '../cgroup/names/own-names';
import { ErrorCode, MemcageError } from '../errors/errors';
import { cagesIn } from './list-cages';
import { memoryHierarchies, OwnDirectories } from './own-directories';

/** Of the random part of a detached cage's name. */
const LETTERS = 8;

/** What people call a cage: the pid that its owner had, and the cage's number, or the beginning of its own name if it is detached. */
export function cageLabel(path: string, kind: 'cage' | 'detached'): string {
  const own = basename(kind === 'cage' ? dirname(path) : path);
  const which = kind === 'cage' ? basename(path) : own.slice(own.lastIndexOf('-') + 1).slice(0, LETTERS);
  return `${pidInName(own)}/${which}`;
}

export function isCageLabel(word: string): boolean {
  return /^\d+\/[0-9a-f]+$/.test(word);
}

/** The path of the cage that people call so; throws when there is none, or several: each thread has numbers of its own. */
export function findCage(label: string): string {
  using own = new OwnDirectories(memoryHierarchies(host()));
  const paths = own.all
    .flatMap((each) => cagesIn(each))
    .filter(([{ path }, kind]) => cageLabel(path, kind) === label)
    .map(([{ path }]) => path);
  const [path] = paths;
  if (path === undefined) {
    throw new MemcageError(ErrorCode.CGROUP_GONE, `There is no cage ${label}: memcage ls lists those that there are`);
  }
  if (paths.length === 1) return path;
  throw new MemcageError(ErrorCode.AMBIGUOUS, `${label} is one of ${paths.join(', ')}: take the path`, { paths });
}
