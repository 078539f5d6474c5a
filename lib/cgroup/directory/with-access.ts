import { MemcageError } from '../../errors/errors';
import type { CgroupDirectory } from './directory';
import { refusedWith } from './refusal';

/**
 * Do something to a cgroup that is to end. Who runs in it may have taken the permission bits of its files and of cgroups
 * below away, which stops everyone but root: they are given back, and it is tried once more.
 */
export function withAccess<T>(directory: CgroupDirectory, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const cause = error instanceof MemcageError ? error.cause : error;
    if (!refusedWith(cause, 'EACCES')) throw error;
    try {
      directory.regainAccess();
    } catch {
      // Not ours: then what was refused stays refused.
      throw error;
    }
    return use();
  }
}
