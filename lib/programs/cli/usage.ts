import type { MemcageError } from '../../index';
import { ErrorCode } from '../../index';
import { type Flags, inFlags } from './flags';

/** The command line makes no sense. */
export class UsageError extends Error {}

const WRONG_VALUES: ReadonlySet<unknown> = new Set([
  ErrorCode.INVALID_ARGUMENT,
  ErrorCode.INVALID_SIZE,
  ErrorCode.UNKNOWN_OPTION,
]);

/** Whether it is the library's error for a wrong option. One for a variable of the environment names no option. */
export function isAboutOption(error: unknown): error is Error & Pick<MemcageError, 'words'> {
  const { code, option } = (error ?? {}) as { code?: unknown; option?: unknown };
  return WRONG_VALUES.has(code) && option !== undefined;
}

/** Turns the library's error for a wrong option into a UsageError in the words of the command line. */
export function asUsage(error: unknown, flags: Flags): unknown {
  return isAboutOption(error) ? new UsageError(inFlags(error, flags)) : error;
}

/** Options of the library without those that were not given: there must be none that is undefined. */
export function given<T extends object>(options: T): { [N in keyof T]?: Exclude<T[N], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [N in keyof T]?: Exclude<T[N], undefined> };
}
