import type { CgroupDirectory } from '../directory/directory';
import { cgroupsBelow, passingOver } from '../directory/walk';

/**
 * Opens the cgroups below one. Skips those that are gone or can't be opened, but throws if that is the one at the top.
 * You may close the handle of that one during the walk.
 */
export function* openBelow<T>(
  directory: CgroupDirectory,
  open: (directory: CgroupDirectory) => T,
): Generator<T, void, undefined> {
  const top = directory.anchored();
  try {
    top.children();
    // For a removed cgroup, the kernel lists nothing and reports no error.
    top.checkExists();
    for (const { directory: each } of cgroupsBelow(top)) {
      const anchored = passingOver(() => each.anchored());
      if (anchored !== undefined) yield open(anchored);
    }
  } finally {
    top.close();
  }
}
