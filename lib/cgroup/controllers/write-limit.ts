import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { isNativeError } from '../directory/refusal';
import { areWithin, parseProcessors } from '../limits/processors';
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
    return new MemcageError(ErrorCode.UNSUPPORTED, `${option} can't be set: this kernel has no ${file}${needs}`, {
      errno,
      syscall,
      path,
      option,
      cause,
    });
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

interface Refusal {
  option: string;
  value: string;
  path: string;
  errno?: number;
  syscall?: string;
  cause?: unknown;
}

function refusal(why: string, details: Refusal): MemcageError {
  return new MemcageError(ErrorCode.LIMIT_REFUSED, `${details.option} can't be set: ${why}`, details);
}
