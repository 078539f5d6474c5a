import { inspect } from 'node:util';
import { ErrorCode } from './error-codes';
import {
  CURE,
  CURE_AFTER_QUESTION,
  ITS_OPTIONS,
  keepWords,
  mention,
  ONLY_IN_CODE,
  splitAtCure,
  THE_FUNCTION,
  textOf,
  type Words,
  words,
} from './words';

/** A TypeError or RangeError about an option or another argument. */
export interface ArgumentProperties<C extends string = ErrorCode> {
  code: C;
  /** The option as the caller writes it, `memory` or `namespaces.user.uid`, or the name of the argument. */
  option: string;
  /** What to write instead: the end of the message, after `Cure:`. Left out where nothing is known to help. */
  cure?: string;
}

/**
 * Makes a TypeError, ERR_MEMCAGE_INVALID_ARGUMENT: "Expected EXPECTED for OPTION but received VALUE of type T".
 *
 * @param meant what the value most likely was meant to be: the message asks that. Default: nobody knows
 */
export function invalidArgument(
  option: string,
  expected: Words,
  actual: unknown,
  meant?: number,
): TypeError & ArgumentProperties {
  const question = meant === undefined ? '' : `: did you mean ${meant}?`;
  const message = words`${expectation(mention(option), expected, actual)}${question}`;
  return errorOf(TypeError, message, invalidArgument, { code: ErrorCode.INVALID_ARGUMENT, option });
}

/** {@link invalidArgument} for a variable of the environment, where no option is at fault. */
export function invalidVariable(name: string, expected: string, actual: unknown): TypeError & { code: ErrorCode } {
  const message = expectation(`the environment variable ${name}`, expected, actual);
  return errorOf(TypeError, message, invalidVariable, { code: ErrorCode.INVALID_ARGUMENT });
}

/** An option that nobody knows, and the names that there are. */
export interface UnknownOption {
  name: string;
  value: unknown;
  /** The function. */
  of: string;
  within?: string | undefined;
  known: readonly string[];
  /** Where more names are known than a message should list: whose those are. */
  others?: string | undefined;
}

/**
 * Makes a TypeError, ERR_MEMCAGE_UNKNOWN_OPTION: "Unknown option 'NAME' of FUNCTION: did you mean 'LIKELY'?", with
 * what to write; without a likely name, with all that are known.
 */
export function unknownOption(
  { name, value, of, within, known, others }: UnknownOption,
  likely: string | undefined,
): TypeError & ArgumentProperties {
  const full = (each: string): string => (within === undefined ? each : `${within}.${each}`);
  const owner = within === undefined ? mention(ITS_OPTIONS, `${of} has `) : `${within} has `;
  const rest = others === undefined ? '' : `, and those of ${others}`;
  const answer =
    likely === undefined
      ? words`${owner}${known.join(', ')}${rest}`
      : words`did you mean '${mention(full(likely))}'?${cureOf(likely, value)}`;
  const message = words`Unknown option '${mention(full(name))}'${mention(THE_FUNCTION, ` of ${of}`)}: ${answer}`;
  return errorOf(TypeError, message, unknownOption, { code: ErrorCode.UNKNOWN_OPTION, option: full(name) });
}

/** {@link unknownOption} for one that belongs elsewhere. */
export function misplacedOption(name: string, of: string, cure: string): TypeError & ArgumentProperties {
  const message = words`Unknown option '${mention(name)}'${mention(THE_FUNCTION, ` of ${of}`)}${CURE}${cure}`;
  return errorOf(TypeError, message, misplacedOption, { code: ErrorCode.UNKNOWN_OPTION, option: name });
}

/**
 * {@link invalidArgument} for an event that nobody will ever emit: "Unknown event 'NAME': did you mean 'LIKELY'?";
 * without a likely name, with all that there are.
 */
export function unknownEvent(
  name: string,
  known: readonly string[],
  likely: string | undefined,
): TypeError & ArgumentProperties {
  const answer = likely === undefined ? `there are ${known.join(', ')}` : `did you mean '${likely}'?`;
  const message = `Unknown event '${name}': ${answer}`;
  return errorOf(TypeError, message, unknownEvent, { code: ErrorCode.INVALID_ARGUMENT, option: 'event' });
}

/** Whether a value that is where no size belongs was meant as one. */
export function isSizeText(value: unknown): value is string {
  return typeof value === 'string' && /^\d[\w. ]*$/.test(value);
}

/** What to write instead, where the value is a size, which can stay: other values may not fit the other option. */
function cureOf(likely: string, value: unknown): Words {
  return isSizeText(value) ? words`${CURE_AFTER_QUESTION}${likely}: '${value}'` : '';
}

/** {@link invalidArgument} for an option that is there without a value. */
export function undefinedOption(name: string, within: string | undefined): TypeError & ArgumentProperties {
  const full = within === undefined ? name : `${within}.${name}`;
  const cure = `leave it out if it has none: ...(value !== undefined && { ${name}: value })`;
  const message = words`${expectation(mention(full), 'a value', undefined)}, as from a setting that is missing${CURE}${cure}`;
  return errorOf(TypeError, message, undefinedOption, { code: ErrorCode.INVALID_ARGUMENT, option: full });
}

/** {@link invalidArgument} with a message of its own. */
export function contradiction(option: string, message: Words): TypeError & ArgumentProperties {
  return errorOf(TypeError, message, contradiction, { code: ErrorCode.INVALID_ARGUMENT, option });
}

/**
 * {@link invalidArgument} for an option that nothing can be given for here: "OPTION can't be given WHY".
 *
 * @param cure what to write instead. Default: the reason says it
 */
export function misplaced(option: string, why: Words, cure?: Words): TypeError & ArgumentProperties {
  const message = words`${mention(option)} can't be given ${why}${cure === undefined ? '' : words`${CURE}${cure}`}`;
  return errorOf(TypeError, message, misplaced, { code: ErrorCode.INVALID_ARGUMENT, option });
}

/** {@link invalidArgument} with code `ERR_MEMCAGE_INVALID_SIZE`. */
export function invalidSize(option: string, expected: Words, actual: unknown): TypeError & ArgumentProperties {
  return errorOf(TypeError, expectation(mention(option), expected, actual), invalidSize, {
    code: ErrorCode.INVALID_SIZE,
    option,
  });
}

/** Makes a RangeError, ERR_MEMCAGE_LIMIT_TOO_SMALL, for a size that the kernel would round down to nothing. */
export function limitTooSmall(option: string, pageBytes: number, actual: unknown): RangeError & ArgumentProperties {
  const message = expectation(mention(option), `at least one page of memory (${pageBytes} bytes)`, actual);
  // The caller most likely meant MiB, and gave bytes.
  const question = /^[1-9]\d*$/.test(String(actual)) ? `: did you mean '${String(actual)}M'?` : '';
  return errorOf(RangeError, words`${message}${question}`, limitTooSmall, { code: ErrorCode.LIMIT_TOO_SMALL, option });
}

/** Makes Node's own RangeError, with code `ERR_OUT_OF_RANGE`. */
export function outOfRange(option: string, most: number, actual: number): RangeError & ArgumentProperties<string> {
  const message = `The value of "${option}" is out of range. It must be >= 0 && <= ${most}. Received ${actual}`;
  return errorOf(RangeError, message, outOfRange, { code: 'ERR_OUT_OF_RANGE', option });
}

function expectation(what: Words, expected: Words, actual: unknown): Words {
  return words`Expected ${expected} for ${what} but received ${describe(actual)}`;
}

function describe(value: unknown): Words {
  if (value === undefined || value === null) return String(value);
  // Its bytes tell nobody anything.
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  const type = Array.isArray(value) ? 'array' : typeof value;
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 });
  // On a command line all is text.
  return words`${text}${mention(ONLY_IN_CODE, ` of type ${type}`)}`;
}

/** @param caller where the stack ends: it begins at the code that called this helper */
function errorOf<E extends Error, P extends object>(
  type: new (message: string) => E,
  message: Words,
  caller: (...args: never[]) => unknown,
  properties: P,
): E & P {
  const error = new type(textOf(message));
  Error.captureStackTrace(error, caller);
  keepWords(error, message);
  const { cure } = splitAtCure(message);
  return Object.assign(error, properties, cure !== undefined && { cure });
}
