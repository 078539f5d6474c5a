import { statSync } from 'node:fs';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { cgroupsBelow, passingOver } from '../directory/walk';
import { type Host, inDirectory } from '../hierarchy/host';
import { matchCgroup } from '../names/cgroup-name';
import { containerNameOf, isContainerName } from './container-names';

const SHOWN = 10;

/** A cgroup that was found, and how well it matches. */
export interface Match {
  path: string;
  match: 'exact' | 'prefix';
}

/** Where the names and paths of cgroups are shown. */
export const SHOWN_CGROUP = 'one that memcage ls or memcage top --all shows';

/**
 * The path of the one memory cgroup that belongs to a container's id, to the beginning of an id, or to a name, in all
 * mounts of the hierarchy.
 *
 * @throws MemcageError `ERR_MEMCAGE_NO_CGROUP` if there is none, `ERR_MEMCAGE_AMBIGUOUS` if there are several
 */
export function findCgroup(current: Host, wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted === '' || /[/\0]/.test(wanted)) {
    throw invalidArgument('idOrName', 'the id or the name of a container, or the name of a cgroup', wanted);
  }
  const found = withoutRepeats(selectBest(mountPointsOf(current).flatMap((at) => matchesBelow(at, wanted))));
  const [path] = found;
  if (path === undefined) {
    const mountPoints = mountPointsOf(current);
    const where = mountPoints.join(' or ');
    throw new MemcageError(
      ErrorCode.NO_CGROUP,
      words`No cgroup below ${where} belongs to ${wanted}${CURE}${SHOWN_CGROUP}`,
      {
        path: mountPoints[0],
      },
    );
  }
  if (found.length > 1) throw ambiguous(wanted, found);
  return path;
}

/**
 * How well a cgroup matches; undefined if it does not. Looks up the engine's name only if the path is not an exact
 * match.
 */
export function matchNamed(
  path: string,
  wanted: string,
  engineName: () => string | undefined,
): Match['match'] | undefined {
  const match = matchCgroup(path, wanted);
  return match !== 'exact' && isContainerName(wanted) && engineName() === wanted ? 'exact' : match;
}

/**
 * The best matches: an exact name takes precedence over the beginning of an id. Cgroups that a container has inside
 * of its own are not separate matches.
 */
export function selectBest(matches: readonly Match[]): string[] {
  const exact = matches.filter(({ match }) => match === 'exact');
  const best = (exact.length > 0 ? exact : matches).map(({ path }) => path);
  return best.filter((path) => !best.some((other) => path.startsWith(`${other}/`)));
}

function matchesBelow(mountPoint: string, wanted: string): Match[] {
  return inDirectory(mountPoint, (top) =>
    Array.from(cgroupsBelow(top)).flatMap(({ directory }) => {
      const match = matchNamed(directory.path, wanted, () => containerNameOf(directory));
      return match === undefined ? [] : [{ path: directory.path, match }];
    }),
  );
}

/** If several mounts show the same cgroup, the first path counts. */
function withoutRepeats(paths: readonly string[]): string[] {
  const byInode = new Map<string, string>();
  for (const path of paths) {
    const there = passingOver(() => statSync(path, { bigint: true, throwIfNoEntry: false }));
    if (there === undefined) continue;
    const key = `${there.dev}:${there.ino}`;
    if (!byInode.has(key)) byInode.set(key, path);
  }
  return [...byInode.values()];
}

function mountPointsOf({ memory, memoryElsewhere }: Host): string[] {
  return [memory, ...memoryElsewhere].map(({ mountPoint }) => mountPoint);
}

function ambiguous(wanted: string, found: readonly string[]): MemcageError {
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  return new MemcageError(
    ErrorCode.AMBIGUOUS,
    `${found.length} cgroups match ${wanted}; open one by its path: ${found.slice(0, SHOWN).join(', ')}${more}`,
    { paths: found },
  );
}
