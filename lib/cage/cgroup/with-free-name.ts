import { ErrorCode, MemcageError } from '../../common/errors/errors';

const MOST_TAKEN = 100;

/**
 * Makes a cgroup whose name is the next of a series. A process that may make cgroups there may have made some with names that
 * come later.
 *
 * @param make takes another name each time
 */
export function withFreeName<T>(make: () => T): T {
  for (let taken = 0; ; taken += 1) {
    try {
      return make();
    } catch (error) {
      const isTaken = error instanceof MemcageError && error.code === ErrorCode.CGROUP_EXISTS;
      if (!isTaken || taken === MOST_TAKEN) throw error;
    }
  }
}
