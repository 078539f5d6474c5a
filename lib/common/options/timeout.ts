import { invalidArgument, outOfRange } from '../errors/argument-errors';

/** The most that setTimeout() takes: a longer time becomes 1 ms. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1;

/** Checks an option `timeout`: milliseconds, 0 and undefined for none. */
export function checkTimeout(timeout: unknown): asserts timeout is number | undefined {
  const isTime = timeout === undefined || (typeof timeout === 'number' && Number.isInteger(timeout) && timeout >= 0);
  if (!isTime) throw invalidArgument('timeout', 'a number of milliseconds', timeout);
  if (timeout !== undefined && timeout > MOST_TIMEOUT_MS) throw outOfRange('timeout', MOST_TIMEOUT_MS, timeout);
}
