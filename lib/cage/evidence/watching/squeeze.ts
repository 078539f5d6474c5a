import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { readMemoryFile } from '../../../cgroup/limits/limit-files';

/** A whole number of pages, of whichever size: the kernel takes it as it is. */
const STEP = 64 * 1024;

/**
 * Has the kernel reclaim so much of a cage on v1 that is stopped, if it can: v1 does not tell how much of its own memory, names of
 * files for example, it would give back before it kills. It reclaims for a lower limit, or refuses that.
 */
export function squeeze(memory: CgroupDirectory, bytes: number): void {
  const before = readMemoryFile(memory, 1, 'max');
  const usageBytes = readMemoryFile(memory, 1, 'usage') ?? 0;
  const asked = Math.floor((usageBytes - bytes) / STEP) * STEP;
  if (before === undefined || asked <= 0) return;
  try {
    memory.write('memory.limit_in_bytes', String(asked));
  } catch {
    return;
  }
  // Somebody else may have set it meanwhile.
  if (readMemoryFile(memory, 1, 'max') === asked) memory.write('memory.limit_in_bytes', String(before));
}
