import { ErrorCode, type MemcageError, type MemoryLimits } from '../../index';
import { checkCageOptions } from '../../start/request/cage-options';
import { inFlags } from './flags';

/** The command line makes no sense. */
export class UsageError extends Error {}

/** The library's error for a wrong argument. */
export interface ArgumentError extends Pick<MemcageError, 'message' | 'words'> {
  readonly code: string;
  /** The option or argument as the library calls it. */
  readonly option: string;
}

const WRONG_VALUES: ReadonlySet<unknown> = new Set([
  ErrorCode.INVALID_ARGUMENT,
  ErrorCode.INVALID_SIZE,
  ErrorCode.LIMIT_TOO_SMALL,
  ErrorCode.UNKNOWN_OPTION,
]);

/** Options of the library without those that were not given: there must be none that is undefined. */
export function given<T extends object>(options: T): { [N in keyof T]?: Exclude<T[N], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [N in keyof T]?: Exclude<T[N], undefined> };
}

/** Turns the library's error for a wrong value into a UsageError. `told` says it in the words of the command line. */
export function asUsage<T>(use: () => T, told: (error: ArgumentError) => string = ({ message }) => message): T {
  try {
    return use();
  } catch (error) {
    if (!WRONG_VALUES.has((error as { code?: unknown }).code)) throw error;
    throw new UsageError(told(error as ArgumentError));
  }
}

/** Checks limits of memory. `max` is the name of the option for the hard limit. */
export function checkLimits(memory: MemoryLimits, { max }: { max: string }): void {
  asUsage(
    () => checkCageOptions({ memory }),
    (error) => inFlags(error, { 'memory.max': `--${max}` }),
  );
}

/** The message for v1, which limits the sum of memory and swap. */
export function swapNeeds(option: string): string {
  return `--swap needs a limit by ${option} as well (cgroup v1 limits the sum of both)`;
}
