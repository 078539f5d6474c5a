import { invalidArgument } from '../../common/errors/argument-errors';

/** A path of this process's, absolute. */
export function hostPath(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalidArgument(option, 'a path without NUL bytes', value);
  }
  if (value.startsWith('/')) return withoutExcess(value);
  const from = workingDirectory();
  if (from !== undefined) return withoutExcess(`${from}/${value}`);
  throw invalidArgument(option, `an absolute path, since ${NO_DIRECTORY}`, value);
}

/** The working directory of this process; undefined if it has been removed. */
export function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const NO_DIRECTORY = 'the working directory of this process has been removed';

/** Leaves `..` to the kernel: what that means depends on the symbolic links before it. */
export function withoutExcess(path: string): string {
  return `/${namesIn(path).join('/')}`;
}

/**
 * A path inside the root, without superfluous slashes. With `..` it would depend on symbolic links which mount it is
 * within.
 */
export function innerPath(option: string, value: unknown): string {
  if (typeof value === 'string' && value.startsWith('/') && !value.includes('\0')) {
    if (!namesIn(value).includes('..')) return withoutExcess(value);
  }
  throw invalidArgument(option, 'an absolute path inside the root, without .. and NUL bytes', value);
}

export function depthOf(path: string): number {
  return namesIn(path).length;
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
