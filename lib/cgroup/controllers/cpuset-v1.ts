import type { CgroupDirectory } from '../directory/directory';

const FILES = ['cpuset.cpus', 'cpuset.mems'] as const;

/**
 * A new cpuset of v1 has no processors and no memory nodes, and no process may join it before it has both: it gets those
 * of the cgroup around it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html
 */
export function inheritProcessors(directory: CgroupDirectory, around: CgroupDirectory): void {
  for (const file of FILES) directory.write(file, around.read(file).trim());
}
