import { basename, dirname } from 'node:path';
import type { GuardedKind } from '../../types/native';
import { CgroupDirectory } from '../cgroup/directory/directory';
import { isNativeError, refusalText, refusedWith } from '../cgroup/directory/refusal';
import { removeTree, retrySync, undo } from '../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../errors/errors';
import { tellGuardian } from '../launcher/guardian';
import { randomHex } from '../text/random-hex';

const NAME_ATTEMPTS = 100;
const REMOVE_PATIENCE_MS = 2000;

/**
 * A new directory, anchored at itself by the fd that holds its lock. flock(2) tells that its owner lives: the kernel drops
 * it with the last fd, however the owner ends, whatever its PID namespace is and whoever gets its pid next.
 *
 * @param guarded what it is to the guardian, which ends it with this process; undefined: nothing
 */
export function makeLocked(parent: CgroupDirectory, prefix: string, guarded?: GuardedKind): CgroupDirectory {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    // The guardian must never take another's directory for this one.
    const name = `${prefix}${randomHex(16)}`;
    const directory = parent.below(name);
    if (guarded !== undefined) tellGuardian(parent.anchor, name, guarded);
    let isMade = false;
    let locked: CgroupDirectory | undefined;
    try {
      isMade = make(directory);
      locked = isMade ? lockNew(directory) : undefined;
    } finally {
      if (locked === undefined) parent.native.unguard({ name, end: isMade });
    }
    if (locked === undefined) continue;
    if (guarded !== undefined) parent.native.identifyGuarded({ name, fd: locked.anchor });
    return locked;
  }
  throw new MemcageError(ErrorCode.BUSY, `No cgroup could be made in ${parent.path}: each was removed by someone else`);
}

/** False: the name is taken. */
function make(directory: CgroupDirectory): boolean {
  try {
    directory.make();
    return true;
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.CGROUP_EXISTS) return false;
    throw noParent(dirname(directory.path), error);
  }
}

/** undefined: a sweep of another process was faster, and has removed it. */
function lockNew(directory: CgroupDirectory): CgroupDirectory | undefined {
  let locked: CgroupDirectory | undefined;
  try {
    locked = tryLock(directory);
    if (locked === undefined || locked.isAtItsPath()) return locked;
  } catch (error) {
    // No fd was free, say.
    undo(() => directory.remove());
    locked?.close();
    throw error;
  }
  locked.close();
  return undefined;
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
  let isHeld = false;
  try {
    isHeld = native.tryLock({ fd });
  } finally {
    // Also where there is no memory for a lock, say (ENOLCK).
    if (!isHeld) native.closeFd({ fd });
  }
  return isHeld ? CgroupDirectory.anchoredAt(native, fd, directory.path) : undefined;
}

/**
 * Whether an owner holds the lock now. One that is about to take it, having just made the directory, may find it taken by this
 * look, and makes another one.
 */
export function isLocked(directory: CgroupDirectory): boolean {
  const locked = tryLock(directory);
  if (locked === undefined) return directory.exists();
  locked.close();
  return false;
}

/** Removes it, blocking, and gives the lock back. */
export function release(directory: CgroupDirectory): void {
  let removed = false;
  try {
    removed = retrySync(() => removeTree(directory), REMOVE_PATIENCE_MS);
  } catch {
    // Without a guardian the next memcage finds it unlocked and removes it.
  }
  giveUp(directory, { removed });
}

/** Gives the lock back; what has not been removed is left to the guardian. */
export function giveUp(directory: CgroupDirectory, { removed }: { removed: boolean }): void {
  directory.native.unguard({ name: basename(directory.path), end: !removed });
  directory.close();
}

/** The error for a cgroup in which none can be made. */
export function noParent(path: string, error: unknown): unknown {
  const cause = error instanceof MemcageError ? error.cause : error;
  if (!isNativeError(cause)) return error;
  // Running out of fds or of cgroups (ENOSPC, EAGAIN) says nothing about this parent.
  if (!refusedWith(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENODEV', 'ENOTDIR')) return error;
  const code = refusedWith(cause, 'EACCES', 'EPERM', 'EROFS') ? ErrorCode.NO_PERMISSION : ErrorCode.NO_PARENT;
  return new MemcageError(code, `Cages can't be created in ${path}: ${refusalText(cause, path)}`, {
    errno: cause.errno,
    syscall: cause.syscall,
    path,
    cause,
  });
}
