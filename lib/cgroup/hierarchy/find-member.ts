import { loadNative } from '../../common/addon/load-native';
import { CgroupDirectory } from '../directory/directory';
import { cgroupsBelow, isPassedOver } from '../directory/walk';
import { memoryController } from '../files/controller';
import { parsePids } from '../files/formats';
import type { Hierarchy } from './mounts';

/**
 * Searches for the directory of a process's cgroup when the kernel reveals only how far below the mount point it is:
 * inside a cgroup namespace, it never names the directories between the namespace's root and the root of the hierarchy.
 * undefined if no cgroup has the process any more.
 */
export function findMember(
  { mountPoint, version }: Hierarchy,
  { unnamedLevels, path }: { unnamedLevels: number; path: string },
  pid: number,
): string | undefined {
  // cgroup.procs can't be read in a threaded cgroup, so look for the process's first thread, which has its id.
  const { threadsFile } = memoryController(version);
  const native = loadNative();
  const top = CgroupDirectory.anchoredAt(native, native.openDirectory({ path: mountPoint }), mountPoint);
  try {
    for (const { directory, level } of cgroupsBelow(top, { levels: unnamedLevels })) {
      if (level < unnamedLevels) continue;
      const candidate = path === '/' ? directory : directory.below(path.slice(1));
      if (lists(candidate, threadsFile, pid)) return candidate.path;
    }
    return undefined;
  } finally {
    top.close();
  }
}

function lists(directory: CgroupDirectory, file: string, pid: number): boolean {
  try {
    return parsePids(directory.readIfPresent(file) ?? '', file).includes(pid);
  } catch (error) {
    if (isPassedOver(error)) return false;
    throw error;
  }
}
