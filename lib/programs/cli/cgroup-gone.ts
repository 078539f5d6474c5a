import { MemcageError } from '../../index';

/** Codes of errors for a cgroup that is gone, that this process may not look into, or whose path is too long. */
const PASSED_OVER: ReadonlySet<unknown> = new Set([
  'ERR_MEMCAGE_NO_CGROUP',
  'ERR_MEMCAGE_NO_PERMISSION',
  'ENAMETOOLONG',
  'EACCES',
]);

/** Whether an error says that the cgroup was removed. */
export function isGone(error: unknown): boolean {
  return error instanceof MemcageError && error.code === 'ERR_MEMCAGE_NO_CGROUP';
}

/** Returns undefined if the cgroup that `read` reads is gone or can't be looked into, so that others are still read. */
export function passingOver<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (PASSED_OVER.has((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}
