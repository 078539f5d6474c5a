import { basename, dirname } from 'node:path';
import type { GuardedKind } from '../../../types/native';
import { CgroupDirectory } from '../../cgroup/directory/directory';
import { removeTree, retrySync, undo } from '../../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../../errors/errors';
import { tellGuardian } from '../../launcher/guardian';
import { randomHex } from '../../text/random-hex';
import { refusedParent } from './refused-parent';

const NAME_ATTEMPTS = 100;
const REMOVE_PATIENCE_MS = 2000;

/**
 * Makes a directory, anchored at itself by the fd that holds its lock. The lock (flock(2)) says that the owner lives:
 * the kernel drops it with the last fd, however the owner ends, whatever its PID namespace is and whoever gets its pid.
 *
 * @param guarded its kind for the guardian, which ends it with this process; undefined: the guardian leaves it alone
 */
export function makeLocked(parent: CgroupDirectory, prefix: string, guarded?: GuardedKind): CgroupDirectory {
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    // Random, so that the guardian never takes another's directory for this one.
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

/** False if the name is taken. */
function make(directory: CgroupDirectory): boolean {
  try {
    directory.make();
    return true;
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.CGROUP_EXISTS) return false;
    throw refusedParent(dirname(directory.path), error);
  }
}

/** Undefined if another process's sweep was faster and removed it. */
function lockNew(directory: CgroupDirectory): CgroupDirectory | undefined {
  let locked: CgroupDirectory | undefined;
  try {
    locked = tryLock(directory);
    if (locked === undefined || locked.isAtItsPath()) return locked;
  } catch (error) {
    // For example, no fd was free.
    undo(() => directory.remove());
    locked?.close();
    throw error;
  }
  locked.close();
  return undefined;
}

/** Undefined if someone else holds the lock, or the directory is gone. */
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
    // Also if tryLock throws, for example when there is no memory for a lock (ENOLCK).
    if (!isHeld) native.closeFd({ fd });
  }
  return isHeld ? CgroupDirectory.anchoredAt(native, fd, directory.path) : undefined;
}

/**
 * Whether an owner holds the lock now. To find out, this takes the lock for a moment. An owner that has just made the
 * directory may then find it locked, and makes another one.
 */
export function isLocked(directory: CgroupDirectory): boolean {
  const locked = tryLock(directory);
  if (locked === undefined) return directory.exists();
  locked.close();
  return false;
}

/** Removes the directory, blocking, and gives up the lock. */
export function release(directory: CgroupDirectory): void {
  let removed = false;
  try {
    removed = retrySync(() => removeTree(directory), REMOVE_PATIENCE_MS);
  } catch {
    // Without a guardian the next memcage finds it unlocked and removes it.
  }
  giveUp(directory, { removed });
}

/** Gives up the lock. The guardian removes what was not removed. */
export function giveUp(directory: CgroupDirectory, { removed }: { removed: boolean }): void {
  directory.native.unguard({ name: basename(directory.path), end: !removed });
  directory.close();
}
