import { randomBytes } from 'node:crypto';
import type { NativeBinding } from '../../types/native';
import { CgroupDirectory } from '../cgroup/directory';
import { isNativeError, refusedWith } from '../cgroup/refusal';
import { removeTree, retrySync } from '../cgroup/remove';
import { ErrorCode, MemcageError } from '../errors';

const NAME_ATTEMPTS = 100;
const REMOVE_PATIENCE_MS = 2000;

/**
 * A new directory, anchored at itself by the fd that holds its lock. flock(2) tells that its owner lives: the kernel drops
 * it with the last fd, however the owner ends, whatever its PID namespace is and whoever gets its pid next.
 */
export function makeLocked(parent: CgroupDirectory, prefix: string): CgroupDirectory {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    const directory = parent.below(`${prefix}${randomBytes(4).toString('hex')}`);
    try {
      directory.make();
    } catch (error) {
      if (error instanceof MemcageError && error.code === ErrorCode.CGROUP_EXISTS) continue;
      throw noParent(parent.path, error);
    }
    const locked = lockNew(directory);
    if (locked === undefined) continue;
    // Still in the tree? A sweep of another process may have been faster than the lock.
    if (locked.isAtItsPath()) return locked;
    locked.native.closeFd({ fd: locked.anchor });
  }
  throw new MemcageError(ErrorCode.BUSY, `No cgroup could be made in ${parent.path}: each was removed by someone else`);
}

function lockNew(directory: CgroupDirectory): CgroupDirectory | undefined {
  try {
    return tryLock(directory);
  } catch (error) {
    // No fd was free.
    directory.remove();
    throw error;
  }
}

/** undefined: someone else holds the lock, or it is gone. */
export function tryLock(directory: CgroupDirectory): CgroupDirectory | undefined {
  const { native } = directory;
  let fd: number;
  try {
    fd = directory.open('', 'directory');
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.CGROUP_GONE) return undefined;
    throw error;
  }
  if (native.tryLock({ fd })) return new CgroupDirectory(native, fd, '', directory.path);
  native.closeFd({ fd });
  return undefined;
}

/** Removes it, blocking, and gives the lock back. */
export function release(directory: CgroupDirectory): void {
  try {
    retrySync(() => removeTree(directory), REMOVE_PATIENCE_MS);
  } catch {
    // The next memcage finds it unlocked and removes it.
  }
  unlock(directory);
}

export function unlock({ native, anchor }: Pick<CgroupDirectory, 'anchor'> & { native: NativeBinding }): void {
  native.closeFd({ fd: anchor });
}

/** The error for a cgroup in which none can be made. */
export function noParent(path: string, error: unknown): unknown {
  const cause = error instanceof MemcageError ? error.cause : error;
  if (!isNativeError(cause)) return error;
  // Running out of fds or of cgroups (ENOSPC, EAGAIN) says nothing about this parent.
  if (!refusedWith(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENODEV', 'ENOTDIR')) return error;
  const code = refusedWith(cause, 'EACCES', 'EPERM', 'EROFS') ? ErrorCode.NO_PERMISSION : ErrorCode.NO_PARENT;
  return new MemcageError(code, `Cages can't be created in ${path}: ${cause.message}`, {
    errno: cause.errno,
    syscall: cause.syscall,
    path,
    cause,
  });
}
