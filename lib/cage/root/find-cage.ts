import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { host } from '../../cgroup/hierarchy/host';
import { pidInName } from '../../cgroup/names/own-names';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { cageOf } from './cage-of';
import { cagesIn } from './list-cages';
import { LockHolders, memoryHierarchies, OwnDirectories } from './own-directories';

/**
 * Find the cgroup of a cage by its label, whichever process made the cage: see {@link CageName}.
 *
 * ```js run
 * import { createCage } from 'memcage';
 * import { cageOf, findCage } from 'memcage/machine';
 *
 * const cage = createCage({ memory: '50M' });
 * const found = findCage(cageOf(cage.cgroup.path)?.label ?? '');
 * console.log(found.path === cage.cgroup.path);
 * found.close();
 * await cage.close();
 * ```
 *
 * ```text output
 * true
 * ```
 *
 * Throws `ERR_MEMCAGE_NO_CGROUP` if no cage has the label, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if
 * several have it: each thread of a program counts its own cages. Any user may give a directory such a name, so those that
 * this user has made come before others, and then those whose owner lives and has this pid.
 *
 * @param label as `memcage top` shows it: `4711/3`
 */
export function findCage(label: string): Cgroup {
  if (typeof label !== 'string') throw invalidArgument('label', "a cage's label, such as '4711/3'", label);
  using own = new OwnDirectories(memoryHierarchies(host()));
  const found = own.all.flatMap((each) =>
    cagesIn(each)
      .filter(([{ path }]) => cageOf(path)?.label === label)
      .map(([{ path }]) => ({ path, owner: each.directory.path })),
  );
  const paths = likeliest(found).map(({ path }) => path);
  const [path] = paths;
  if (path === undefined) {
    throw new MemcageError(ErrorCode.NO_CGROUP, words`There is no cage ${label}${CURE}one that memcage ls --all shows`);
  }
  if (paths.length === 1) return Cgroup.open(path);
  throw new MemcageError(ErrorCode.AMBIGUOUS, `${label} is one of ${paths.join(', ')}: take the path`, { paths });
}

interface Found {
  path: string;
  /** The directory that has the pid in its name. */
  owner: string;
}

/** The cages that nobody but their owner can have named so, if there are any; else all. */
function likeliest(found: readonly Found[]): readonly Found[] {
  if (found.length < 2) return found;
  const holders = new LockHolders();
  const isOurs = ({ owner }: Found): boolean => statSync(owner, { throwIfNoEntry: false })?.uid === process.geteuid?.();
  const isHeld = ({ owner }: Found): boolean => holders.of(owner) === pidInName(basename(owner));
  return [isOurs, isHeld].reduce((left, test) => (left.some(test) ? left.filter(test) : left), found);
}
