import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { formatSize } from '../../common/text/size';
import type { CgroupVersion } from '../files/formats';
import { memoryFile, parseMemoryFile } from '../files/roles';
import { interfaceFile } from '../files/table';
import type { CgroupDirectory } from './directory';
import { missingFile } from './missing-file';
import { isNativeError } from './refusal';

interface Refusal {
  directory: CgroupDirectory;
  version: CgroupVersion;
  /** What the caller wanted to set, if that is not the file itself. */
  option?: string;
  /** The value that was written. */
  value: string;
  file: string;
}

/** The error to throw when the kernel refused a value. Other errors come back unchanged. */
export function refusedValue(error: unknown, { directory, version, option, value, file }: Refusal): unknown {
  const subject = option ?? file;
  const cause = error instanceof MemcageError ? error.cause : error;
  if (!isNativeError(cause)) return error;
  if (cause.code === 'ENOENT' && directory.exists()) return missingFile(directory, file, { subject, option, cause });
  const { errno, syscall } = cause;
  const path = `${directory.path}/${file}`;
  const isLimit = interfaceFile(file, version).write === 'size';
  if (cause.code === 'EBUSY' && isLimit) {
    const { usageBytes, peakBytes } = figures(directory, version);
    const use = usageBytes === undefined ? 'more' : formatSize(usageBytes);
    const peak = peakBytes === undefined ? '' : ` (peak ${formatSize(peakBytes)})`;
    return new MemcageError(
      ErrorCode.LIMIT_REFUSED,
      `${subject} can't be set to ${value}: ${use} is in use${peak} and could not be reclaimed`,
      { errno, syscall, path, option, value, usageBytes, peakBytes, cause },
    );
  }
  // EINVAL, ERANGE: not a value for this file. EOPNOTSUPP: not in this state of the cgroup, or no longer in this
  // kernel. EAGAIN: memory.reclaim reclaimed less. ENOSPC: the cpuset of the cgroup has no processors for a process.
  if (!['EINVAL', 'ERANGE', 'EOPNOTSUPP', 'EBUSY', 'EAGAIN', 'ESRCH', 'ENOSPC'].includes(cause.code)) return error;
  return new MemcageError(
    isLimit ? ErrorCode.LIMIT_REFUSED : ErrorCode.VALUE_REFUSED,
    `The kernel refused ${value} for ${option === undefined ? file : `${option} (${file})`}: ${cause.code}`,
    { errno, syscall, path, option, value, ...(isLimit ? figures(directory, version) : {}), cause },
  );
}

/** The figures that can be read. */
function figures(directory: CgroupDirectory, version: CgroupVersion) {
  const read = (role: 'usage' | 'peak'): number | undefined => {
    const text = directory.readIfPresent(memoryFile(role, version));
    return text === undefined ? undefined : parseMemoryFile(role, version, text);
  };
  return { usageBytes: read('usage'), peakBytes: read('peak') };
}
