import { basename, dirname } from 'node:path';
import { isBudget, kindOf, pidInName } from '../../cgroup/names/own-names';
import { invalidArgument } from '../../common/errors/argument-errors';

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
 * @param path of the cgroup, for example that of a `Cgroup`
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
