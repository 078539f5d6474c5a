import { invalidArgument } from '../../common/errors/errors';
import { isRecord, readOptions } from '../../common/options/option-names';
import type { ResolvedStall } from './cage-limits';

/** In less than this, a program that has just been starved of memory may still recover. */
const LEAST_MS = 500;
/** The addon counts microseconds, in a number that JavaScript can hold. */
const MOST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

const DEFAULTS: ResolvedStall = { ms: 10_000, action: 'kill' };

const NAMES = ['ms', 'action'] as const;
/** What other programs call these. */
const ALIASES = {
  timeout: 'ms',
  timeoutms: 'ms',
  seconds: 'ms',
  milliseconds: 'ms',
  duration: 'ms',
  limit: 'ms',
  limitms: 'ms',
  stallms: 'ms',
  time: 'ms',
  kill: 'action',
  mode: 'action',
  on: 'action',
} as const;

/**
 * Validates the option `stall`.
 *
 * @param before what holds where the option says nothing. Default: its defaults
 */
export function resolveStall(given: unknown, of: string, before = DEFAULTS): ResolvedStall {
  if (!isRecord(given)) throw invalidArgument('stall', `an object of ${NAMES.join(', ')}`, given);
  const { ms = before.ms, action = before.action } = readOptions(given, {
    of,
    within: 'stall',
    known: NAMES,
    aliases: ALIASES,
  });
  if (typeof ms !== 'number' || !Number.isInteger(ms) || ms < LEAST_MS || ms > MOST_MS) {
    throw invalidArgument('stall.ms', `milliseconds, an integer from ${LEAST_MS} to ${MOST_MS}`, ms);
  }
  if (action !== 'kill' && action !== 'event') throw invalidArgument('stall.action', "'kill' or 'event'", action);
  return { ms, action };
}
