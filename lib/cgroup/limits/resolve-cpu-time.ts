import { invalidArgument } from '../../common/errors/errors';

/** The addon counts microseconds, in a number that JavaScript can hold. */
const MOST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** Validates the option `cpuTimeMs`. */
export function resolveCpuTime(given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given) && given > 0 && given <= MOST_MS) return given;
  throw invalidArgument('cpuTimeMs', `milliseconds, an integer from 1 to ${MOST_MS}`, given);
}
