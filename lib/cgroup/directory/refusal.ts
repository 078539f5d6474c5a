import { types } from 'node:util';
import type { NativeError } from '../../../types/native';
import { type ErrorCode, MemcageError } from '../../errors/errors';
import { readOnlyCure } from '../names/container-cure';

/** Whether an error is one that the addon threw for a refused system call. */
export function isNativeError(error: unknown): error is NativeError {
  // Not instanceof: under Jest, and in other vm contexts, the addon's errors are of the main context.
  const refused = types.isNativeError(error) && 'syscall' in error && 'errno' in error && 'code' in error;
  // What memcage makes of it has the same fields.
  return refused && !(error instanceof MemcageError);
}

/** Whether the kernel refused with one of these errnos. */
export function refusedWith(error: unknown, ...codes: string[]): boolean {
  return isNativeError(error) && codes.includes(error.code);
}

/** Whether an error says that the cgroup was removed. */
export function isGone(error: unknown): boolean {
  return error instanceof MemcageError && error.code === 'ERR_MEMCAGE_CGROUP_GONE';
}

/** Undefined when the cgroup was removed: who may do that does not tell. */
export function unlessGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'ERR_MEMCAGE_CGROUP_GONE',
  ENODEV: 'ERR_MEMCAGE_CGROUP_GONE',
  ENOTDIR: 'ERR_MEMCAGE_CGROUP_GONE',
  EACCES: 'ERR_MEMCAGE_NO_PERMISSION',
  EPERM: 'ERR_MEMCAGE_NO_PERMISSION',
  EROFS: 'ERR_MEMCAGE_NO_PERMISSION',
  EEXIST: 'ERR_MEMCAGE_CGROUP_EXISTS',
  EBUSY: 'ERR_MEMCAGE_BUSY',
  ENOSYS: 'ERR_MEMCAGE_UNSUPPORTED',
};

/**
 * What the library throws for a refused access to a cgroup. Running out of fds or memory is no statement about the
 * cgroup and stays the system error that it is.
 */
export function cgroupError(error: unknown, doing: string, path: string): unknown {
  if (!isNativeError(error)) return error;
  const code = CODES[error.code];
  if (code === undefined) return error;
  return new MemcageError(code, `Can't ${doing} ${path}: ${refusalText(error, path)}`, {
    errno: error.errno,
    syscall: error.syscall,
    path,
    cause: error,
  });
}

/** The kernel's refusal in words, with what to do about a cgroup file system that is read-only, as in most containers. */
export function refusalText(error: NativeError, path: string): string {
  return error.code === 'EROFS' ? `${error.message}; ${readOnlyCure(path)}` : error.message;
}
