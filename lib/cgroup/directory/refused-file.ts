import { release } from 'node:os';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, words } from '../../common/errors/words';
import { formatSize } from '../../common/text/size';
import { type CgroupVersion, parseNames } from '../files/formats';
import { INTERFACE_FILES, interfaceFile } from '../files/interface-files';
import { memoryFile, parseMemoryFile } from '../files/roles';
import { isNativeError, refusedWith, unlessGone } from './refusal';

/** What this needs from the cgroup's directory. */
interface Directory {
  readonly path: string;
  has(file: string): boolean;
  readIfPresent(file: string): string | undefined;
}

/**
 * The error for an interface file that an existing cgroup does not have.
 *
 * @param context.subject what needs the file, for people. Default: the message names only the file
 * @param context.option the option that needs the file. Default: none
 */
export function missingFile(
  directory: Directory,
  file: string,
  { subject, option, cause }: { subject?: string; option?: string | undefined; cause?: unknown } = {},
): MemcageError {
  const { path } = directory;
  const { errno, syscall } = isNativeError(cause) ? cause : {};
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `${subject === undefined ? '' : `${subject}: `}${path} has no ${file}: ${whyMissing(directory, file)}`,
    { errno, syscall, path: `${path}/${file}`, option, cause },
  );
}

/**
 * The error for an open file of the memory controller whose cgroup has lost that controller since: somebody has disabled it
 * (v2). The limits went with it. Enabled again, the cgroup has other files, and no limits.
 *
 * Undefined if the cgroup was removed. Its files go a moment before it does, while the controller is still enabled.
 */
export function lostController(directory: Directory, file: string, cause: unknown): MemcageError | undefined {
  if (!file.startsWith('memory.') || !refusedWith(cause, 'ENODEV')) return undefined;
  const controllers = unlessGone(() => directory.readIfPresent('cgroup.controllers'));
  if (controllers === undefined) return undefined;
  if (parseNames(controllers).includes('memory') && !unlessGone(() => directory.has(file))) return undefined;
  return lostLimits(directory, file, cause);
}

/** The error for a cgroup that has lost the controller of a file, and with it what the controller limited. */
export function lostLimits({ path }: Pick<Directory, 'path'>, file: string, cause?: unknown): MemcageError {
  const [name = file] = file.split('.');
  const { errno, syscall } = isNativeError(cause) ? cause : {};
  const cure = `give what you don't trust another uid, which may not write there; a limit comes back only with a new cage`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    words`${path} has lost its limits of ${name}, and its counts: somebody has disabled the ${name} controller for it (-${name} in cgroup.subtree_control of a cgroup above it)${CURE}${cure}`,
    { errno, syscall, path: `${path}/${file}`, cause },
  );
}

/** Whether it is that error. */
export function isLost(error: unknown): error is MemcageError {
  return error instanceof MemcageError && error.code === ErrorCode.NO_CONTROLLER;
}

function whyMissing(directory: Directory, file: string): string {
  const controllers = directory.readIfPresent('cgroup.controllers');
  if (file.startsWith('memory.') && controllers !== undefined) {
    if (!parseNames(controllers).includes('memory')) {
      return 'it has no memory controller: add +memory to cgroup.subtree_control of the cgroup above it';
    }
    if (!directory.has('cgroup.type')) {
      return 'it is the root of the hierarchy, which has no limits and no count of its use';
    }
  }
  const { since, needs, in: where } = INTERFACE_FILES[2][file] ?? INTERFACE_FILES[1][file] ?? {};
  if (where === 'root') return 'only the root of the hierarchy has it';
  const came = since === undefined ? '' : `it came with Linux ${since}, `;
  return `${came}this is Linux ${release()}; ${needs === undefined ? 'a kernel may be built without it' : `it needs ${needs}`}`;
}

interface AttemptedWrite {
  directory: Directory & { exists(): boolean };
  version: CgroupVersion;
  /** What the caller wanted to set, if that is not the file itself. */
  option?: string;
  /** The value that was written. */
  value: string;
  file: string;
}

/** The error to throw when the kernel refused a value. Other errors come back unchanged. */
export function refusedValue(error: unknown, { directory, version, option, value, file }: AttemptedWrite): unknown {
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
    const cure = 'free memory first, or give a higher limit';
    const peak = peakBytes === undefined ? '' : ` (peak ${formatSize(peakBytes)})`;
    return new MemcageError(
      ErrorCode.LIMIT_REFUSED,
      words`${option === undefined ? file : mention(option)} can't be set to ${formatSize(Number(value))}: ${use} is in use${peak} and could not be reclaimed${CURE}${cure}`,
      { errno, syscall, path, option, value, usageBytes, peakBytes, cause },
    );
  }
  // EINVAL, ERANGE: not a value for this file. EOPNOTSUPP: not in this state of the cgroup, or no longer in this
  // kernel. EAGAIN: memory.reclaim reclaimed less. ENOSPC: the cpuset of the cgroup has no processors for a process.
  if (!['EINVAL', 'ERANGE', 'EOPNOTSUPP', 'EBUSY', 'EAGAIN', 'ESRCH', 'ENOSPC'].includes(cause.code)) return error;
  return new MemcageError(
    isLimit ? ErrorCode.LIMIT_REFUSED : ErrorCode.VALUE_REFUSED,
    words`The kernel refused ${value} for ${option === undefined ? file : words`${mention(option)} (${file})`}: ${cause.code}`,
    { errno, syscall, path, option, value, ...(isLimit ? figures(directory, version) : {}), cause },
  );
}

/** The figures that can be read. */
function figures(directory: Directory, version: CgroupVersion) {
  const read = (role: 'usage' | 'peak'): number | undefined => {
    const text = directory.readIfPresent(memoryFile(role, version));
    return text === undefined ? undefined : parseMemoryFile(role, version, text);
  };
  return { usageBytes: read('usage'), peakBytes: read('peak') };
}
