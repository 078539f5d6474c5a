import { realpathSync } from 'node:fs';
import { invalidArgument } from '../../common/errors/argument-errors';
import { isWithin } from '../../common/text/names';
import { below, type Hierarchy } from './mounts';

interface Mounts {
  memory: Hierarchy;
  memoryElsewhere: readonly Hierarchy[];
}

/**
 * The absolute path of a cgroup. You give its path below one of the mount points (perhaps through a symlink: v1's
 * `memory` may be one to `cpu,memory`), or its path in `/proc/<pid>/cgroup`. The cgroup need not exist.
 */
export function resolvePath(path: string, { memory, memoryElsewhere }: Mounts, realPath = realPathOf): string {
  const mounts = [memory, ...memoryElsewhere];
  const tidy = path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
  if (mountPointIn(tidy, mounts) !== undefined) return tidy;
  const real = tidy.startsWith('/') ? realPath(tidy) : undefined;
  if (real !== undefined && mountPointIn(real, mounts) !== undefined) return real;
  const fromRoot = tidy.startsWith('/') ? tidy : `/${tidy}`;
  for (const { mountPoint, mountRoot } of mounts) {
    const location = below(mountRoot, fromRoot);
    if (location !== null && !('unnamedLevels' in location)) return join(mountPoint, location.path);
  }
  return join(memory.mountPoint, fromRoot);
}

/** The mount point at or above an absolute path. */
export function mountPointOf(path: string, { memory, memoryElsewhere }: Mounts): string | undefined {
  return mountPointIn(path, [memory, ...memoryElsewhere]);
}

function mountPointIn(path: string, mounts: readonly Hierarchy[]): string | undefined {
  return mounts.map(({ mountPoint }) => mountPoint).find((at) => isWithin(path, at));
}

function join(mountPoint: string, path: string): string {
  return path === '/' ? mountPoint : `${mountPoint}${path}`;
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/**
 * {@link resolvePath} of an unchecked argument.
 *
 * @param option the name of the argument, for the error
 */
export function resolveGiven(path: unknown, mounts: Mounts, option = 'path'): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0') || path.split('/').includes('..')) {
    throw invalidArgument(option, 'the path of a cgroup, without ".." and NUL bytes', path);
  }
  return resolvePath(path, mounts);
}
