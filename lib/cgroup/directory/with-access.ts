import { MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from './directory';
import { refusedWith } from './refusal';

/**
 * Does something to a cgroup that is about to end. A process in it may have removed the permission bits of its files
 * and of cgroups below, which stops everyone but root. If so, this gives them back and tries once more.
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
      // They are not ours, so the refusal stands.
      throw error;
    }
    return use();
  }
}
