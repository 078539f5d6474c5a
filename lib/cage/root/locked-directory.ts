import { basename, dirname } from 'node:path';
import type { GuardedKind } from '../../../types/native';
import { CgroupDirectory, withAccess } from '../../cgroup/directory/directory';
import { identifyGuarded, tellGuardian, unguard } from '../../cgroup/processes/guardian';
import { removeTree, retrySync, undo } from '../../cgroup/processes/remove-cgroup';
import { OwnedFd } from '../../common/addon/owned-fd';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { randomHex } from '../../common/text/names';
import { refusedParent } from './refused-parent';

const NAME_ATTEMPTS = 100;
const REMOVE_PATIENCE_MS = 2000;

/**
 * The file of a cgroup that has the lock which says that the owner lives. Who may write it, may own it: anyone else can only get a
 * shared lock, which keeps no sweeper away, as flock(2) of a directory would.
 */
const LOCK_FILE = 'cgroup.procs';

/**
 * Makes a directory, anchored at itself, and locks it. The lock (F_OFD_SETLK of fcntl(2)) says that the owner lives: the
 * kernel drops it with the last fd, however the owner ends, whatever its PID namespace is and whoever gets its pid.
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
      if (locked === undefined) unguard(name, { end: isMade });
    }
    if (locked === undefined) continue;
    if (guarded !== undefined) identifyGuarded(name, locked.anchor);
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
    locked = lock(directory, 'owner');
    // For people alone: /proc/locks has the pid of this one's holder.
    const { anchor } = locked ?? {};
    if (anchor !== undefined) undo(() => void directory.native.tryLock({ fd: anchor }));
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

/**
 * Locks the directory of a dead owner, so that no living one takes it. Others may lock it so too. Undefined if its owner
 * lives, or the directory is gone.
 */
export function tryLock(directory: CgroupDirectory): CgroupDirectory | undefined {
  return withAccess(directory, () => lock(directory, 'sweeper'));
}

/** Whether the owner lives. */
export function isLocked(directory: CgroupDirectory): boolean {
  let fd: number;
  try {
    fd = directory.open(LOCK_FILE, 'read');
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NO_CGROUP) return false;
    throw error;
  }
  try {
    return directory.native.isFileLocked({ fd });
  } finally {
    directory.native.closeFd({ fd });
  }
}

/** Undefined if someone else holds a lock against it, or the directory is gone. */
function lock(directory: CgroupDirectory, as: 'owner' | 'sweeper'): CgroupDirectory | undefined {
  const { native } = directory;
  let locked: CgroupDirectory | undefined;
  let isHeld = false;
  try {
    locked = CgroupDirectory.anchoredAt(native, directory.open('', 'directory'), directory.path);
    const file = new OwnedFd(native, locked.open(LOCK_FILE, as === 'owner' ? 'write' : 'read'));
    locked.keepLock(file);
    isHeld = native.tryFileLock({ fd: file.fd, shared: as === 'sweeper' });
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NO_CGROUP) return undefined;
    throw error;
  } finally {
    // Closed after an error too, for example when there is no memory for a lock (ENOLCK).
    if (!isHeld) locked?.close();
  }
  return isHeld ? locked : undefined;
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
  unguard(basename(directory.path), { end: !removed });
  directory.close();
}
