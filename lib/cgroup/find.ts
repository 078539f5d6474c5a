import { statSync } from 'node:fs';
import { ErrorCode, invalidArgument, MemcageError } from '../errors';
import { matchCgroup } from './cgroup-name';
import { type Host, openDirectory } from './host';
import { cgroupsBelow } from './walk';

const SHOWN = 10;

/**
 * The path of the one memory cgroup that a container's id, the beginning of it, or a name stands for, in all that is
 * mounted of the hierarchy.
 *
 * @throws MemcageError `ERR_MEMCAGE_CGROUP_GONE` when there is none, `ERR_MEMCAGE_AMBIGUOUS` when there are several
 */
export function findCgroup({ memory, memoryElsewhere }: Host, wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted === '' || /[/\0]/.test(wanted)) {
    throw invalidArgument('id', 'the id or the name of a container, or the name of a cgroup', wanted);
  }
  const mountPoints = [memory, ...memoryElsewhere].map(({ mountPoint }) => mountPoint);
  const found = withoutRepeats(selectMatches(wanted, mountPoints.flatMap(pathsBelow)));
  const [path] = found;
  if (path === undefined) {
    const where = mountPoints.join(' or ');
    throw new MemcageError(ErrorCode.CGROUP_GONE, `No cgroup below ${where} is that of ${wanted}`, {
      path: mountPoints[0],
    });
  }
  if (found.length > 1) throw ambiguous(wanted, found);
  return path;
}

/**
 * Those among the paths that fit best: an exact name goes before the beginning of an id. What a container has inside of
 * its own cgroup is not another one.
 */
export function selectMatches(wanted: string, paths: Iterable<string>): string[] {
  const exact: string[] = [];
  const prefixes: string[] = [];
  for (const path of paths) {
    const match = matchCgroup(path, wanted);
    if (match !== undefined) (match === 'exact' ? exact : prefixes).push(path);
  }
  const best = exact.length > 0 ? exact : prefixes;
  return best.filter((path) => !best.some((other) => path.startsWith(`${other}/`)));
}

/** One that is shown by several mounts is taken as the first shows it. */
function withoutRepeats(paths: readonly string[]): string[] {
  const byInode = new Map<string, string>();
  for (const path of paths) {
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (there === undefined) continue;
    const key = `${there.dev}:${there.ino}`;
    if (!byInode.has(key)) byInode.set(key, path);
  }
  return [...byInode.values()];
}

function pathsBelow(mountPoint: string): string[] {
  const top = openDirectory(mountPoint);
  try {
    return Array.from(cgroupsBelow(top), ({ directory }) => directory.path);
  } finally {
    top.native.closeFd({ fd: top.anchor });
  }
}

function ambiguous(wanted: string, found: readonly string[]): MemcageError {
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  return new MemcageError(
    ErrorCode.AMBIGUOUS,
    `${found.length} cgroups are that of ${wanted}: open one by its path: ${found.slice(0, SHOWN).join(', ')}${more}`,
  );
}
