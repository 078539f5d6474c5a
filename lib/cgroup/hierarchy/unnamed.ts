import { loadNative } from '../../addon/load-native';
import { CgroupDirectory } from '../directory/directory';
import { cgroupsBelow, isPassedOver } from '../directory/walk';
import { memoryController } from '../files/controller';
import { parsePids } from '../files/formats';
import type { Hierarchy } from './mounts';

/**
 * The directory of a process's cgroup, where the kernel tells only how far below the mount point it is: from inside of a
 * cgroup namespace it never names what is between the namespace's root and the root of the hierarchy. The one that has
 * the process is looked for. undefined: none has it any more.
 */
export function findMember(
  { mountPoint, version }: Hierarchy,
  { unnamedLevels, path }: { unnamedLevels: number; path: string },
  pid: number,
): string | undefined {
  // Not cgroup.procs: it can't be read in a threaded cgroup. A process's first thread has its id.
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
