import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
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

/** Checks the name of a cgroup that is to be made. */
export function checkName(name: unknown): asserts name is string {
  const valid =
    typeof name === 'string' &&
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\0\n]/.test(name) &&
    name.length < 256;
  if (!valid) throw invalidArgument('name', 'the name of a directory, without "/", newlines and NUL bytes', name);
}
