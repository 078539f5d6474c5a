import type { CgroupDirectory } from '../cgroup/directory/directory';
import { parseValue } from '../cgroup/files/formats';

/** What the kernel asks for at once when it makes a process, its stack being the largest. */
const LARGEST_CHARGE_BYTES = 16 * 1024;

/**
 * Whether a limit was hit: it has counted failures; or, which Linux 6.18 does not count when memsw is equal to the limit and
 * is hit first, its use was as high as that.
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
