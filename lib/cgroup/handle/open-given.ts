import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { isRecord } from '../../common/options/option-names';
import { SHOWN_CGROUP } from '../containers/find-cgroup';
import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, refusedWith } from '../directory/refusal';
import { host, openDirectory } from '../hierarchy/host';
import { resolveGiven } from '../hierarchy/resolve-path';

/** Opens the cgroup that a caller means by this path. */
export function openGiven(path: unknown): CgroupDirectory {
  return openChecked(resolveGiven(path, host()));
}

/** Opens a cgroup, or says that there is none. */
export function openChecked(path: string): CgroupDirectory {
  try {
    return openDirectory(path);
  } catch (error) {
    throw noCgroup(error, path) ?? cgroupError(error, 'open', path);
  }
}

/** Checks an option `parent` that is no Cgroup. */
export function parentPath(parent: unknown): string {
  if (typeof parent === 'string') return parent;
  if (isRecord(parent) && isRecord(parent['cgroup'])) {
    throw contradiction('parent', words`Expected a Cgroup for parent, not a cage${CURE}parent: cage.cgroup`);
  }
  throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
}

/**
 * The path of an opened cgroup, for cages to be made there. Throws ERR_MEMCAGE_NO_CGROUP if it was removed, or the path leads to
 * another one by now.
 */
export function pathAsParent(directory: CgroupDirectory): string {
  const { path } = directory;
  if (directory.isReachable()) return path;
  const message = `${path} is not the cgroup any more that was opened there: open it again`;
  throw new MemcageError(ErrorCode.NO_CGROUP, message, { path });
}

/** The error for a path at which there is nothing. */
function noCgroup(error: unknown, path: string): MemcageError | undefined {
  if (!refusedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
  const { errno, syscall } = error as NodeJS.ErrnoException;
  const message = words`There is no cgroup ${path}${CURE}${SHOWN_CGROUP}`;
  return new MemcageError(ErrorCode.NO_CGROUP, message, { errno, syscall, path, cause: error });
}

export function checkPid(pid: unknown): number {
  if (typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && pid < 2 ** 31) return pid;
  throw invalidArgument('pid', 'the id of a process', pid);
}
