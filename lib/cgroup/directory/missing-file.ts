import { release } from 'node:os';
import { ErrorCode, MemcageError } from '../../errors/errors';
import { parseNames } from '../files/formats';
import { INTERFACE_FILES } from '../files/table';
import { isNativeError } from './refusal';

/** What this needs from the cgroup's directory. */
interface Directory {
  readonly path: string;
  has(file: string): boolean;
  readIfPresent(file: string): string | undefined;
}

/**
 * The error for an interface file that an existing cgroup does not have.
 *
 * @param context.option what the caller asked for, if that is not the file itself
 */
export function missingFile(
  directory: Directory,
  file: string,
  { option, cause }: { option?: string; cause?: unknown } = {},
): MemcageError {
  const { path } = directory;
  const { errno, syscall } = isNativeError(cause) ? cause : {};
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `${option === undefined ? '' : `${option}: `}${path} has no ${file}: ${whyMissing(directory, file)}`,
    { errno, syscall, path: `${path}/${file}`, cause },
  );
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
