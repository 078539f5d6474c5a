import { invalidArgument, misplaced, outOfRange } from '../errors/argument-errors';
import { parseDuration } from '../text/duration';

/** The most that setTimeout() takes: a longer time becomes 1 ms. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1;

/** How long a program with `untrusted: true` may run, unless its caller says otherwise. */
export const UNTRUSTED_MS = 60_000;

/** Checks an option `timeout`: milliseconds, 0 and undefined for none. */
export function checkTimeout(timeout: unknown): asserts timeout is number | undefined {
  if (timeout === undefined) return;
  const ms = checkInteger('timeout', timeout, {
    least: 0,
    most: Number.MAX_VALUE,
    expected: 'a number of milliseconds',
    meant: millisecondsIn,
  });
  if (ms > MOST_TIMEOUT_MS) throw outOfRange('timeout', MOST_TIMEOUT_MS, ms);
}

/** The milliseconds that a text such as `5s` most likely means. NaN if none. */
export function millisecondsIn(given: unknown): number | undefined {
  return numberIn(given) ?? (typeof given === 'string' ? parseDuration(given.replaceAll(' ', '')) : undefined);
}

/** The number that a text most likely means: `64`, or `50%` for a part. */
export function numberIn(given: unknown): number | undefined {
  const match = typeof given === 'string' ? /^(\d+(?:\.\d+)?) ?(%)?$/.exec(given) : null;
  return match === null ? undefined : Number(match[1]) / (match[2] === undefined ? 1 : 100);
}

/** Checks an option that is true or false. */
export function checkFlag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(option, 'true or false', value);
}

/** Checks an option that is true or false, or `otherwise` if it is left out. */
export function checkFlagOr(otherwise: boolean, option: string, value: unknown): boolean {
  return value === undefined ? otherwise : checkFlag(option, value);
}

/** For a function that sends SIGKILL to all, and that somebody gives another signal, as one can ChildProcess.kill(). */
export function refuseSignal(given: unknown, of: string): void {
  if (typeof given !== 'string' || given === 'SIGKILL') return;
  throw misplaced('signal', `to ${of}(), which sends SIGKILL to every process`, `child.kill('${given}') for one child`);
}

interface Bounds {
  least: number;
  most: number;
  /** Default: `an integer from LEAST to MOST`. */
  expected?: string;
  /** What another value most likely means. Default: the number in a text. */
  meant?: (value: unknown) => number | undefined;
}

/** Checks an option that is an integer, with both bounds included. */
export function checkInteger(
  option: string,
  value: unknown,
  { least, most, expected, meant = numberIn }: Bounds,
): number {
  const fits = (number: unknown): number is number =>
    typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most;
  // `+ 0`: the kernel knows no -0.
  if (fits(value)) return value + 0;
  const likely = meant(value);
  throw invalidArgument(
    option,
    expected ?? `an integer from ${least} to ${most}`,
    value,
    fits(likely) ? likely : undefined,
  );
}

/** The most that memory.swappiness, and memory.reclaim with it, take: since Linux 5.8. */
export const MOST_SWAPPINESS = 200;
/** The kernel takes no quota below 1 ms, and memcage's period is its default of 100 ms. */
export const LEAST_PROCESSORS = 0.01;
/** No kernel has as many processors. */
export const MOST_PROCESSORS = 100_000;
/** The highest weight that cgroup v2 takes. */
export const MOST_WEIGHT = 10_000;
/** The kernel's PID_MAX_LIMIT on 64 bits: no more processes and threads can be there at all. */
export const MOST_PIDS = 2 ** 22;
