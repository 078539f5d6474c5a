import { types } from 'node:util';
import type { NativeError } from '../../../types/native';
import { type ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, type Words, words } from '../../common/errors/words';
import { readOnlyCure } from '../names/container';

/** Whether the addon threw this error for a refused system call. */
export function isNativeError(error: unknown): error is NativeError {
  // Not instanceof: under Jest, and in other vm contexts, the addon's errors come from the main context.
  const refused = types.isNativeError(error) && 'syscall' in error && 'errno' in error && 'code' in error;
  // memcage's errors have the same fields.
  return refused && !(error instanceof MemcageError);
}

/** Whether the kernel refused with one of these errnos. */
export function refusedWith(error: unknown, ...codes: string[]): boolean {
  return isNativeError(error) && codes.includes(error.code);
}

/** Whether the kernel refused, for a reason that may pass: it does not say that the cgroup was removed. */
export function isRefused(error: unknown): error is NativeError | (MemcageError & { errno: number }) {
  return isNativeError(error) || (error instanceof MemcageError && error.errno !== undefined && !isGone(error));
}

/** Whether the error means that the cgroup was removed. */
export function isGone(error: unknown): boolean {
  return error instanceof MemcageError && error.code === 'ERR_MEMCAGE_NO_CGROUP';
}

/** Undefined if the cgroup was removed, which anyone may do without notice. */
export function unlessGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'ERR_MEMCAGE_NO_CGROUP',
  ENODEV: 'ERR_MEMCAGE_NO_CGROUP',
  ENOTDIR: 'ERR_MEMCAGE_NO_CGROUP',
  EACCES: 'ERR_MEMCAGE_NO_PERMISSION',
  EPERM: 'ERR_MEMCAGE_NO_PERMISSION',
  EROFS: 'ERR_MEMCAGE_NO_PERMISSION',
  EEXIST: 'ERR_MEMCAGE_CGROUP_EXISTS',
  EBUSY: 'ERR_MEMCAGE_BUSY',
  ENOSYS: 'ERR_MEMCAGE_UNSUPPORTED',
};

/**
 * The error that the library throws for a refused access to a cgroup. Running out of fds or memory says nothing about
 * the cgroup, so that stays a system error.
 */
export function cgroupError(error: unknown, doing: string, path: string): unknown {
  if (!isNativeError(error)) return error;
  const code = CODES[error.code];
  if (code === undefined) return error;
  return new MemcageError(code, words`Can't ${doing} ${path}: ${error.message}${cureOf(error, path)}`, {
    errno: error.errno,
    syscall: error.syscall,
    path,
    cause: error,
  });
}

/** For a read-only cgroup file system, as in most containers. */
function cureOf(error: NativeError, path: string): Words {
  return error.code === 'EROFS' ? words`${CURE}${readOnlyCure(path)}` : '';
}
