import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseValue } from '../../cgroup/files/formats';

/** The most that the kernel charges at once when it makes a process: its stack. */
const LARGEST_CHARGE_BYTES = 16 * 1024;

/**
 * Whether a limit was hit: the kernel counted failures, or the use was as high as the limit. Linux 6.18 counts no
 * failure if memsw equals the limit and is hit first.
 */
export function wasHit(directory: CgroupDirectory): boolean {
  const limit = readValue(directory, 'memory.limit_in_bytes');
  if (limit === Number.POSITIVE_INFINITY) return false;
  const counts = ['memory.failcnt', 'memory.memsw.failcnt'];
  if (counts.some((file) => Number(directory.readIfPresent(file) ?? 0) > 0)) return true;
  return readValue(directory, 'memory.max_usage_in_bytes') > limit - LARGEST_CHARGE_BYTES;
}

function readValue(directory: CgroupDirectory, file: string): number {
  return parseValue(directory.read(file), `${directory.path}/${file}`);
}
