import { ErrorCode, MemcageError } from '../index';

/** What says that a cgroup is gone, is not for this process to look into, or has too long a path. */
const PASSED_OVER: ReadonlySet<unknown> = new Set([
  ErrorCode.CGROUP_GONE,
  ErrorCode.NO_PERMISSION,
  'ENAMETOOLONG',
  'EACCES',
]);

/** Whether an error says that the cgroup was removed. */
export function isGone(error: unknown): boolean {
  return error instanceof MemcageError && error.code === ErrorCode.CGROUP_GONE;
}

/** Undefined when the cgroup that is read is gone, or can't be looked into: others are not to be missed for it. */
export function passingOver<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (PASSED_OVER.has((error as { code?: unknown }).code)) return undefined;
    throw error;
  }
}
