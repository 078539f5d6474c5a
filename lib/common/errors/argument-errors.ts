import { inspect } from 'node:util';
import type { ErrorCode } from './error-codes';

/** A TypeError or RangeError about an option or another argument. */
export interface ArgumentProperties<C extends string = ErrorCode> {
  code: C;
  /** The option as the caller writes it, `memory` or `namespaces.user.uid`, or the name of the argument. */
  option: string;
}

/** Makes a TypeError, ERR_MEMCAGE_INVALID_ARGUMENT: "Expected EXPECTED for OPTION but received VALUE of type T". */
export function invalidArgument(option: string, expected: string, actual: unknown): TypeError & ArgumentProperties {
  return about(
    option,
    new TypeError(expectation(option, expected, actual)),
    'ERR_MEMCAGE_INVALID_ARGUMENT',
    invalidArgument,
  );
}

/**
 * Makes a TypeError, ERR_MEMCAGE_UNKNOWN_OPTION: "Unknown option 'NAME' of FUNCTION: did you mean 'LIKELY'?", with
 * all known names.
 */
export function unknownOption(
  name: string,
  { of, within, known }: { of: string; within?: string; known: readonly string[] },
  likely: string | undefined,
): TypeError & ArgumentProperties {
  const full = (each: string): string => (within === undefined ? each : `${within}.${each}`);
  const question = likely === undefined ? '' : `did you mean '${full(likely)}'? `;
  const all = `${within ?? of} has ${known.join(', ')}`;
  return about(
    full(name),
    new TypeError(`Unknown option '${full(name)}' of ${of}: ${question}${question === '' ? all : `(${all})`}`),
    'ERR_MEMCAGE_UNKNOWN_OPTION',
    unknownOption,
  );
}

/** {@link invalidArgument} for an option that is there without a value. */
export function undefinedOption(name: string, within: string | undefined): TypeError & ArgumentProperties {
  const full = within === undefined ? name : `${within}.${name}`;
  const cure = `leave it out if it has none: ...(value !== undefined && { ${name}: value })`;
  const message = `${expectation(full, 'a value', undefined)}, as from a setting that is missing. Cure: ${cure}`;
  return about(full, new TypeError(message), 'ERR_MEMCAGE_INVALID_ARGUMENT', undefinedOption);
}

/** {@link invalidArgument} with code `ERR_MEMCAGE_INVALID_SIZE`. */
export function invalidSize(option: string, expected: string, actual: unknown): TypeError & ArgumentProperties {
  return about(option, new TypeError(expectation(option, expected, actual)), 'ERR_MEMCAGE_INVALID_SIZE', invalidSize);
}

/** Makes a RangeError, ERR_MEMCAGE_LIMIT_TOO_SMALL, for a size that the kernel would round down to nothing. */
export function limitTooSmall(option: string, pageBytes: number, actual: unknown): RangeError & ArgumentProperties {
  const message = expectation(option, `at least one page of memory (${pageBytes} bytes)`, actual);
  // The caller most likely meant MiB, and gave bytes.
  const question = /^[1-9]\d*$/.test(String(actual)) ? `: did you mean '${String(actual)}M'?` : '';
  return about(option, new RangeError(`${message}${question}`), 'ERR_MEMCAGE_LIMIT_TOO_SMALL', limitTooSmall);
}

/** Makes Node's own RangeError, with code `ERR_OUT_OF_RANGE`. */
export function outOfRange(option: string, most: number, actual: number): RangeError & ArgumentProperties<string> {
  const message = `The value of "${option}" is out of range. It must be >= 0 && <= ${most}. Received ${actual}`;
  return about(option, new RangeError(message), 'ERR_OUT_OF_RANGE', outOfRange);
}

function expectation(option: string, expected: string, actual: unknown): string {
  return `Expected ${expected} for ${option} but received ${describe(actual)}`;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  const type = Array.isArray(value) ? 'array' : typeof value;
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 });
  return `${text} of type ${type}`;
}

function about<E extends Error, C extends string>(
  option: string,
  error: E,
  code: C,
  caller: (...args: never[]) => unknown,
): E & ArgumentProperties<C> {
  // The stack starts at the code that called the helper.
  Error.captureStackTrace(error, caller);
  return Object.assign(error, { code, option });
}
