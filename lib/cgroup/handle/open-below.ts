import { ErrorCode, MemcageError } from '../../errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { cgroupsBelow, passingOver } from '../directory/walk';

/** Opens each cgroup below one, which itself is none to be passed over. The walk goes on when that one's handle is closed. */
export function* openBelow<T>(
  directory: CgroupDirectory,
  open: (directory: CgroupDirectory) => T,
): Generator<T, void, undefined> {
  const top = directory.anchored();
  try {
    top.children();
    // The kernel lists nothing of one that was removed, and refuses nothing.
    if (!top.exists()) {
      throw new MemcageError(ErrorCode.CGROUP_GONE, `${directory.path} was removed`, { path: directory.path });
    }
    for (const { directory: each } of cgroupsBelow(top)) {
      const anchored = passingOver(() => each.anchored());
      if (anchored !== undefined) yield open(anchored);
    }
  } finally {
    top.close();
  }
}
