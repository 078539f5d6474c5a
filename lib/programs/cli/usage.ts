import { MemcageError } from '../../index';
import { type Flags, inFlags } from './flags';

/** The command line makes no sense. */
export class UsageError extends Error {}

const WRONG_VALUES: ReadonlySet<unknown> = new Set([
  'ERR_MEMCAGE_INVALID_ARGUMENT',
  'ERR_MEMCAGE_INVALID_SIZE',
  'ERR_MEMCAGE_UNKNOWN_OPTION',
]);

/** Whether it is the library's error for a wrong option. One for a variable of the environment names no option. */
export function isAboutOption(error: unknown): error is Error & Pick<MemcageError, 'words'> {
  const { code, option } = (error ?? {}) as { code?: unknown; option?: unknown };
  return WRONG_VALUES.has(code) && option !== undefined;
}

/** An error of the library in the words of the command line: UsageError for a wrong option. Others come back unchanged. */
export function inOwnWords(error: unknown, flags: Flags): unknown {
  if (isAboutOption(error)) return new UsageError(inFlags(error, flags));
  return error instanceof MemcageError && error.words !== undefined
    ? new Error(inFlags(error, flags), { cause: error })
    : error;
}

/** Options of the library without those that were not given: there must be none that is undefined. */
export function given<T extends object>(options: T): { [N in keyof T]?: Exclude<T[N], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [N in keyof T]?: Exclude<T[N], undefined> };
}
