import type { CgroupDirectory } from '../directory/directory';
import { unlessGone } from '../directory/refusal';
import type { ControllerLimits } from '../limits/cage-limits';
import type { ControllerName } from './controller-name';
import { inheritProcessors } from './cpuset-v1';

/** The kernel's defaults. */
const CPU_DEFAULTS = [
  ['cpu.cfs_period_us', '100000'],
  ['cpu.shares', '1024'],
] as const;
const NO_QUOTA = ['cpu.cfs_quota_us', '-1'] as const;

/**
 * Makes a side cgroup as it was when it was new, but for what it has counted: a child with the right to do so may have
 * changed everything.
 *
 * @param around the cgroup in which it is
 * @param limits what is written after that. A quota is not taken away before: with the first one on the machine, and
 *   without the last one, the kernel patches its own code.
 */
export function renew(
  directory: CgroupDirectory,
  controllers: readonly ControllerName[],
  around: CgroupDirectory,
  limits: ControllerLimits,
): void {
  if (controllers.includes('cpu')) {
    // Without CONFIG_CFS_BANDWIDTH there is no quota, and whoever asks for one is refused. A missing file looks gone.
    const defaults = limits.cpu?.max === undefined ? [NO_QUOTA, ...CPU_DEFAULTS] : CPU_DEFAULTS;
    for (const [file, value] of defaults) unlessGone(() => directory.write(file, value));
  }
  if (controllers.includes('cpuset')) inheritProcessors(directory, around);
}

/** Whether a process that has left all other cgroups of its cage is in it, or a cgroup that a child has made. */
export function isInUse(directory: CgroupDirectory): boolean {
  return directory.read('tasks') !== '' || directory.children().length > 0;
}
