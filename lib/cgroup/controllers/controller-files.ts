import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { mention, words } from '../../common/errors/words';
import type { CgroupDirectory } from '../directory/directory';
import { isNativeError, unlessGone } from '../directory/refusal';
import type { ControllerLimits } from '../limits/cage-limits';
import { areWithin, parseProcessors } from '../limits/processors';
import type { ControllerName } from './controller-name';
import type { ControllerWrite } from './controller-plan';

/** v1 has the second one, with the same meaning. */
const EFFECTIVE = ['cpuset.cpus.effective', 'cpuset.effective_cpus'] as const;

/** Writes one limit of a controller beside memory. The error names the option. */
export function writeControllerLimit(directory: CgroupDirectory, { file, value, option }: ControllerWrite): void {
  const before = file === 'cpuset.cpus' ? directory.readIfPresent(file)?.trim() : undefined;
  try {
    directory.write(file, value);
  } catch (error) {
    throw refused(directory, { file, value, option }, error);
  }
  if (file !== 'cpuset.cpus') return;
  try {
    // v2 takes any processors, and uses those of the cgroup around where it has none of them.
    assertUsed(directory, value, option);
  } catch (error) {
    restore(directory, file, before);
    throw error;
  }
}

function restore(directory: CgroupDirectory, file: string, before: string | undefined): void {
  try {
    // An empty line, as v2 has it at first, stands for all processors of the cgroup around.
    directory.write(file, before === undefined || before === '' ? '\n' : before);
  } catch {
    // The refusal is what the caller must hear of.
  }
}

function refused(
  directory: CgroupDirectory,
  { file, value, option }: Omit<ControllerWrite, 'controller'>,
  error: unknown,
): unknown {
  const cause = error instanceof MemcageError ? error.cause : error;
  if (!isNativeError(cause)) return error;
  const { code, errno, syscall } = cause;
  const path = `${directory.path}/${file}`;
  if (code === 'ENOENT' && directory.exists()) {
    const needs = file.startsWith('cpu.cfs') || file === 'cpu.max' ? ' (it needs CONFIG_CFS_BANDWIDTH)' : '';
    return new MemcageError(
      ErrorCode.UNSUPPORTED,
      words`${mention(option)} can't be set: this kernel has no ${file}${needs}`,
      {
        errno,
        syscall,
        path,
        option,
        cause,
      },
    );
  }
  // v1 answers EACCES for processors that the cgroup around does not have, and EINVAL for a quota above that one's.
  if (!['EINVAL', 'ERANGE', 'EACCES', 'EBUSY', 'ENOSPC'].includes(code)) return error;
  if (code === 'EACCES' && file !== 'cpuset.cpus') return error;
  return refusal(`the kernel refused ${value} for ${path} (${code})${around(directory, file)}`, {
    option,
    value,
    path,
    errno,
    syscall,
    cause,
  });
}

function around(directory: CgroupDirectory, file: string): string {
  if (file === 'cpuset.cpus') return `: ${availableIn(directory)}, and a cgroup within it may not have more`;
  return file === 'cpu.cfs_quota_us'
    ? ': on cgroup v1 it may not be more than the limit of a cgroup around it, or less than that of one within it'
    : '';
}

/** Throws what a cgroup below the directory would throw for these processors. */
export function foreseeProcessors(directory: CgroupDirectory, set: string): void {
  assertUsed(directory, set, 'cpu.set');
}

function assertUsed(directory: CgroupDirectory, value: string, option: string): void {
  const effective = EFFECTIVE.map((name) => directory.readIfPresent(name)).find((text) => text !== undefined);
  const used = effective === undefined ? undefined : parseProcessors(effective);
  const wanted = parseProcessors(value);
  if (used === undefined || wanted === undefined || areWithin(wanted, used)) return;
  throw refusal(`not all of ${value} can be had here: ${availableIn(directory)}`, {
    option,
    value,
    path: `${directory.path}/cpuset.cpus`,
  });
}

function availableIn(directory: CgroupDirectory): string {
  const text = EFFECTIVE.map((name) => directory.readIfPresent(name)).find((each) => each !== undefined);
  return `the processors here are ${text === undefined || text.trim() === '' ? 'those of the cgroup around it' : text.trim()}`;
}

interface RefusedLimit {
  option: string;
  value: string;
  path: string;
  errno?: number;
  syscall?: string;
  cause?: unknown;
}

function refusal(why: string, details: RefusedLimit): MemcageError {
  return new MemcageError(ErrorCode.LIMIT_REFUSED, words`${mention(details.option)} can't be set: ${why}`, details);
}

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
