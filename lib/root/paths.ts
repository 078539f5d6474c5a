import { invalidArgument } from '../errors/errors';

/** A path of this process's. */
export function hostPath(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw invalidArgument(option, 'a path without NUL bytes', value);
}

/**
 * A path inside the root, without superfluous slashes. With `..` it would depend on symbolic links which mount it is
 * within.
 */
export function innerPath(option: string, value: unknown): string {
  if (typeof value === 'string' && value.startsWith('/') && !value.includes('\0')) {
    const names = value.split('/').filter((name) => name !== '' && name !== '.');
    if (!names.includes('..')) return `/${names.join('/')}`;
  }
  throw invalidArgument(option, 'an absolute path inside the root, without .. and NUL bytes', value);
}

/** Whether a path inside is that directory, or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

export function depthOf(path: string): number {
  return path.split('/').filter((name) => name !== '').length;
}
