import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { hasRole, memoryFile, parseMemoryFile } from '../../cgroup/files/roles';

/**
 * Whether the kernel kills when this cgroup is out of memory. v1 can be told to let its processes wait instead. There a
 * child with a copy of its parent process's memory would wait too, at its first write.
 */
export function killsWhenOut(directory: CgroupDirectory, version: CgroupVersion): boolean {
  if (!hasRole('oomKill', version)) return true;
  try {
    return !parseMemoryFile('oomKill', version, directory.read(memoryFile('oomKill', version))).oomKillDisable;
  } catch {
    // What memcage can't read may kill. If the cgroup is gone, the start itself will say so.
    return true;
  }
}
