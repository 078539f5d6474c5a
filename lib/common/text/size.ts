import { invalidArgument, invalidSize, limitTooSmall } from '../errors/argument-errors';
import { A_POSITIVE_SIZE, A_SIZE, mention } from '../errors/words';

/** No limit, as in the kernel's files. */
const NO_LIMIT = 'max';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
  P: 1024 ** 5,
};
/** A size as Docker and systemd accept it, and as {@link formatSize} writes it. No fractions of a byte. */
const SIZE = /^(?:(\d+)(?: ?B)?|(\d+(?:\.\d+)?) ?([KMGTP])(?:i?B?))$/i;

export interface SizeBounds {
  /** 0 where "nothing at all" is a sensible size. Default: 1. */
  min?: 0 | 1;
  /** A size above 0 must fill a page, or the kernel takes it for 0. Default: 4096. */
  pageBytes?: number;
  /** What an error says instead of all that a size may be. */
  expected?: string;
}

/**
 * Converts a `Size` to bytes, `Infinity` if it is unlimited.
 *
 * @param option Name of the option, for the error.
 * @throws TypeError `ERR_MEMCAGE_INVALID_SIZE`; RangeError `ERR_MEMCAGE_LIMIT_TOO_SMALL` for less than a page.
 */
export function checkSize(
  option: string,
  value: unknown,
  { min = 1, pageBytes = 4096, expected }: SizeBounds = {},
): number {
  const bytes = toBytes(value);
  if (bytes === null || bytes < min) {
    const positive = min === 0 ? 'a number of bytes (an integer)' : 'a number of bytes (a positive integer)';
    const any = mention(
      min === 0 ? A_SIZE : A_POSITIVE_SIZE,
      `${positive}, a string such as '512K', '100M' or '1.5G', or 'max'`,
    );
    throw invalidSize(option, expected ?? any, value);
  }
  if (bytes > 0 && bytes < pageBytes) throw limitTooSmall(option, pageBytes, value);
  return bytes;
}

/**
 * A size in bytes, from text that comes from outside, as every option takes it: a number of bytes, or a string such as `'512K'`, `'100M'`, `'1.5 GiB'`, `'max'`.
 * Units are powers of 1024. `Infinity` for `'max'`.
 *
 * ```js run
 * import { parseSize } from 'memcage';
 *
 * console.log(parseSize(process.env.LIMIT ?? '1.5G', 'LIMIT'), parseSize('max'));
 * ```
 *
 * ```text output
 * 1610612736 Infinity
 * ```
 *
 * Throws a TypeError with the code `ERR_MEMCAGE_INVALID_SIZE` for anything else, and a RangeError with
 * `ERR_MEMCAGE_LIMIT_TOO_SMALL` for less than a page of 4096 bytes, which the kernel would take for 0.
 *
 * @param size to be read
 * @param name what the error calls it. Default: `size`
 */
export function parseSize(size: string | number | undefined, name = 'size'): number {
  return checkSize(name, size, { min: 0 });
}

function toBytes(value: unknown): number | null {
  if (value === NO_LIMIT || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof value === 'number') return safeBytes(value);
  if (typeof value !== 'string') return null;
  const [, bytes, amount = bytes, unit = ''] = SIZE.exec(value) ?? [];
  if (amount === undefined) return null;
  // The kernel could not use the fraction of a byte in '1.1G' either.
  return safeBytes(Math.floor(Number(amount) * (UNIT_BYTES[unit.toUpperCase()] ?? Number.NaN)));
}

// Above 2^53 - 1 a number may differ from what the caller wrote.
function safeBytes(value: number): number | null {
  return Number.isSafeInteger(value) ? value + 0 : null;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/**
 * Formats bytes for people: `100 MiB`, `1.5 GiB`; `max` for `Infinity`, and `unknown` for `null`, which `peakBytes` may be. Powers of
 * 1024, at most one decimal. {@link parseSize} reads sizes again.
 *
 * ```js run
 * import { formatSize } from 'memcage';
 *
 * console.log(formatSize(104857600), formatSize(Number.POSITIVE_INFINITY));
 * ```
 *
 * ```text output
 * 100 MiB max
 * ```
 *
 * @throws TypeError `ERR_MEMCAGE_INVALID_ARGUMENT` for anything else
 */
export function formatSize(bytes: number | null): string {
  if (bytes === null) return 'unknown';
  if (typeof bytes !== 'number' || Number.isNaN(bytes)) {
    throw invalidArgument('bytes', 'a number of bytes, or null if it is unknown', bytes);
  }
  if (bytes === Number.POSITIVE_INFINITY) return NO_LIMIT;
  let amount = Math.abs(bytes);
  let unit = 0;
  // 1023.95 would be printed as 1024.
  while (amount >= 1023.95 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const rounded = Math.round(amount * 10) / 10;
  return `${bytes < 0 ? '-' : ''}${rounded} ${UNITS[unit]}`;
}
