import { release } from 'node:os';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { parseNames } from '../files/formats';
import { INTERFACE_FILES } from '../files/table';
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
  const [name] = file.split('.');
  const { errno, syscall } = isNativeError(cause) ? cause : {};
  const cure = `give what you don't trust another uid, which may not write there; a limit comes back only with a new cage`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    `${path} has lost its limits of ${name}, and its counts: somebody has disabled the ${name} controller for it (-${name} in ` +
      `cgroup.subtree_control of a cgroup above it). Cure: ${cure}`,
    { errno, syscall, path: `${path}/${file}`, cause, cure },
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
