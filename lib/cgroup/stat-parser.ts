import { type FlatKeyed, kernelFormatError, parseFlatKeyed, UNLIMITED_FROM } from './formats';

/** Reads `length` bytes of `memory.stat` text from a buffer; the result is a new plain object of the kernel's names. */
export type StatParser = (buffer: Uint8Array, length: number) => FlatKeyed;

const NEWLINE = 10;
const DIGIT_0 = 48;
// 10^15 < 2^53: up to here the digits add up without rounding.
const MAX_EXACT_DIGITS = 15;

/** The names of a `memory.stat`, which change only with the kernel: every byte that isn't a value is known in advance. */
interface Layout {
  names: readonly string[];
  /** The names one after the other, each followed by a blank. */
  bytes: Uint8Array;
  /** Where each name ends in `bytes`, behind its blank. */
  ends: Uint32Array;
  /**
   * The values of the last call. Copying an object with all its properties is ten times faster than giving a new one 50
   * of them, and only those that changed are set before.
   */
  last: FlatKeyed;
  values: Float64Array;
}

/**
 * A parser with a memory: the first text is parsed in full, later ones only have their digits read, as long as their
 * names are the same. A buffer that is full may hold a text that is cut off: read again into a larger one.
 *
 * @throws MemcageError `ERR_MEMCAGE_KERNEL_FORMAT`
 */
export function createStatParser(file = 'memory.stat'): StatParser {
  let layout: Layout | null = null;

  return (buffer, length) => {
    if (layout !== null && readValues(layout, buffer, length)) return { ...layout.last };
    const text = Buffer.from(buffer.buffer, buffer.byteOffset, length).toString('latin1');
    if (!text.endsWith('\n')) throw kernelFormatError(file, 'whole lines', text.slice(-80));
    const stat = parseFlatKeyed(text, file);
    layout = createLayout(stat);
    return { ...stat };
  };
}

function createLayout(stat: FlatKeyed): Layout {
  const names = Object.keys(stat);
  let end = 0;
  return {
    names,
    bytes: Buffer.from(names.map((name) => `${name} `).join(''), 'latin1'),
    ends: Uint32Array.from(names, (name) => {
      end += name.length + 1;
      return end;
    }),
    last: stat,
    values: Float64Array.from(Object.values(stat)),
  };
}

/** Brings `layout.last` up to date; false when the text has other names, or a value that is not plain digits. */
function readValues(layout: Layout, buffer: Uint8Array, length: number): boolean {
  const { names, bytes, ends, last, values } = layout;
  // Bytes behind `length` are what an earlier, longer text left: reading into them shows at the end. Past the buffer
  // there is undefined, which no comparison accepts.
  let position = 0;
  let known = 0;
  for (let index = 0; index < names.length; index += 1) {
    const end = ends[index] as number;
    while (known < end) {
      if (buffer[position] !== bytes[known]) return false;
      position += 1;
      known += 1;
    }
    const start = position;
    let value = 0;
    let byte = buffer[position] as number;
    while (byte !== NEWLINE) {
      const digit = byte - DIGIT_0;
      if (!(digit >= 0 && digit <= 9)) return false;
      value = value * 10 + digit;
      position += 1;
      byte = buffer[position] as number;
    }
    const digits = position - start;
    if (digits === 0) return false;
    if (digits > MAX_EXACT_DIGITS) {
      // v1's "unlimited", a few roundings off; anything else that long is left to the full parse.
      if (value < UNLIMITED_FROM) return false;
      value = Number.POSITIVE_INFINITY;
    }
    position += 1;
    if (value !== values[index]) {
      values[index] = value;
      last[names[index] as string] = value;
    }
  }
  return position === length;
}
