import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';

const FILE = 'memory.use_hierarchy';

/**
 * Makes a new cgroup of v1 count what the cgroups below it use, so that its limits hold for them too: a child may make
 * some. Since Linux 5.11 each does. Before that, a new cgroup does as the one around it does, and can only change that
 * as long as none is below it. Some machines never change it: systemd does, for all.
 */
export function holdBelow(directory: CgroupDirectory): void {
  if (directory.readIfPresent(FILE)?.trim() !== '0') return;
  try {
    directory.write(FILE, '1');
  } catch (error) {
    if (!(error instanceof MemcageError)) throw error;
    const { path } = directory;
    const cure = 'use Linux 5.11 or newer, or cgroup v2';
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      `No limit of ${path} would hold for cgroups that a child makes below it, since its ${FILE} is 0 and can't be ` +
        `changed: ${error.message}. Cure: ${cure}`,
      { path, cure, errno: error.errno, syscall: error.syscall, cause: error },
    );
  }
}
