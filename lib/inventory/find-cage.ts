import { Cgroup } from '../cgroup/handle/cgroup';
import { host } from '../cgroup/hierarchy/host';
import { ErrorCode, invalidArgument, MemcageError } from '../errors/errors';
import { cageOf } from './cage-of';
import { cagesIn } from './list-cages';
import { memoryHierarchies, OwnDirectories } from './own-directories';

/**
 * Find the cgroup of a cage by its label, whichever process made the cage: see {@link CageName}.
 *
 * Throws `ERR_MEMCAGE_CGROUP_GONE` if no cage has the label, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if
 * several have it: each thread of a program counts its own cages.
 *
 * @param label as `memcage top` shows it: `4711/3`
 */
export function findCage(label: string): Cgroup {
  if (typeof label !== 'string') throw invalidArgument('label', "a cage's label, such as '4711/3'", label);
  using own = new OwnDirectories(memoryHierarchies(host()));
  const paths = own.all
    .flatMap((each) => cagesIn(each))
    .map(([{ path }]) => path)
    .filter((path) => cageOf(path)?.label === label);
  const [path] = paths;
  if (path === undefined) {
    throw new MemcageError(ErrorCode.CGROUP_GONE, `There is no cage ${label}: memcage ls lists those that there are`);
  }
  if (paths.length === 1) return Cgroup.open(path);
  throw new MemcageError(ErrorCode.AMBIGUOUS, `${label} is one of ${paths.join(', ')}: take the path`, { paths });
}
