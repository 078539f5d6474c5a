import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { host } from '../../cgroup/hierarchy/host';
import { isBudget, kindOf, pidInName } from '../../cgroup/names/own-names';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { cagesIn } from './list-cages';
import { LockHolders, memoryHierarchies, OwnDirectories } from './own-directories';

/** What {@link cageOf} finds. */
export interface CageName {
  /**
   * The cage's name for people, which {@link findCage} takes: the pid that its owner had, a slash, and the number of the cage;
   * of a cage within another one, the numbers of both, as in `4711/3/1`. A budget's has `budget-3` in place of the number, and
   * a detached child's the beginning of its random name.
   */
  label: string;
  /** `budget`: the cage of a budget. `detached`: that of a detached child, which outlives its owner. */
  kind: 'cage' | 'budget' | 'detached';
  /** The pid that its owner had, in its own PID namespace. */
  ownerPid: number;
  /** Path of the cage's cgroup: the given one, or one above it. */
  path: string;
}

/** How many letters a label has of the random part of a detached cage's name. */
const LETTERS = 8;

/**
 * Find the cage that a cgroup belongs to, by the cgroup's path alone: the innermost cage, or null if it is in
 * none. Reads nothing; the cgroup need not exist.
 *
 * ```js run
 * import { createCage } from 'memcage';
 * import { cageOf } from 'memcage/machine';
 *
 * const cage = createCage({ memory: '50M' });
 * console.log(cageOf(cage.cgroup.path)?.ownerPid === process.pid);
 * await cage.close();
 * ```
 *
 * ```text output
 * true
 * ```
 *
 * @param path of the cgroup, for example {@link Cgroup.path}
 */
export function cageOf(path: string): CageName | null {
  if (typeof path !== 'string') throw invalidArgument('path', 'the path of a cgroup', path);
  for (let at = path.replace(/\/+$/, ''); basename(at) !== ''; at = dirname(at)) {
    const kind = kindOf(at);
    if (kind === 'cage') return inRoot(at);
    if (kind === 'detached') return detached(at);
    if (at === '.') break;
  }
  return null;
}

function inRoot(path: string): CageName {
  let which = basename(path);
  let owner = dirname(path);
  for (; kindOf(owner) !== 'owner'; owner = dirname(owner)) which = `${basename(owner)}/${which}`;
  return withOwner(isBudget(path) ? 'budget' : 'cage', path, { owner: basename(owner), which });
}

function detached(path: string): CageName {
  const owner = basename(path);
  return withOwner('detached', path, { owner, which: owner.slice(owner.lastIndexOf('-') + 1).slice(0, LETTERS) });
}

function withOwner(kind: CageName['kind'], path: string, { owner, which }: { owner: string; which: string }): CageName {
  const ownerPid = pidInName(owner) as number;
  return { label: `${ownerPid}/${which}`, kind, ownerPid, path };
}

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
 * Throws `ERR_MEMCAGE_CGROUP_GONE` if no cage has the label, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if
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
    throw new MemcageError(ErrorCode.CGROUP_GONE, `There is no cage ${label}: memcage ls lists those that there are`);
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
