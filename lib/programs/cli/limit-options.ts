import { checkCageOptions, ErrorCode, type MemoryLimits } from '../../index';
import { UsageError } from './parse';

const WRONG_VALUES: ReadonlySet<unknown> = new Set([
  ErrorCode.INVALID_ARGUMENT,
  ErrorCode.INVALID_SIZE,
  ErrorCode.LIMIT_TOO_SMALL,
]);

/**
 * Checks limits from the command line. The error names the option.
 *
 * @param max the name of the option for the hard limit
 */
export function checkLimits(memory: MemoryLimits, { max }: { max: string }): void {
  try {
    asUsage(() => checkCageOptions({ memory }));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const nameOf = (name: string): string => `--${name === 'max' ? max : name}`;
    throw new UsageError(error.message.replace(/\bmemory\.(\w+)/, (_, name: string) => nameOf(name)));
  }
}

/** Turns the library's error for a wrong value into a UsageError, with `message` if given. */
export function asUsage<T>(use: () => T, message?: string): T {
  try {
    return use();
  } catch (error) {
    if (!WRONG_VALUES.has((error as { code?: unknown }).code)) throw error;
    throw new UsageError(message ?? (error as Error).message);
  }
}

/** The message for v1, which limits the sum of memory and swap. */
export function swapNeeds(option: string): string {
  return `--swap needs a limit by ${option} as well (cgroup v1 limits the sum of both)`;
}
