import { type FlatKeyed, kernelFormatError, parseFlatKeyed, UNLIMITED_FROM } from './formats';

/** Reads `length` bytes of `memory.stat` text from a buffer; the result is a new plain object of the kernel's names. */
export type StatParser = (buffer: Uint8Array, length: number) => FlatKeyed;

/** Some lines of a `memory.stat`. */
export interface StatPicker {
  /** Reads the text between two positions of a buffer. */
  read(buffer: Uint8Array, start: number, end: number): void;
  /** Of the text that was read last; 0 where it has no such line. Only names that the picker was made for. */
  value(name: string): number;
}

const NEWLINE = 10;
const DIGIT_0 = 48;
// 10^15 < 2^53: up to here the digits add up without rounding.
const MAX_EXACT_DIGITS = 15;
/** Bytes that are compared at a time. */
const WORD = 4;

/** The lines of a `memory.stat`, which change only with the kernel: every byte that isn't a value is known in advance. */
interface Layout {
  names: readonly string[];
  /** Bytes of each name with the blank behind it. */
  lengths: Int32Array;
  /**
   * The names, each with its blank, one behind the other in words; the last word of one ends with it, and may overlap the
   * one before.
   */
  words: Int32Array;
  /** Where those of each name end. */
  ends: Int32Array;
  /** The values of the last call. */
  values: Float64Array;
  /**
   * The same as an object. Copying that with all its properties is ten times faster than giving a new one 50 of them, and
   * only those that changed are set before.
   */
  last: FlatKeyed;
  /** Behind the lines there are others, which need not be looked at. */
  goesOn: boolean;
}

/**
 * A parser with a memory: the first text is parsed in full, later ones only have their digits read, as long as their
 * names are the same. A buffer that is full may hold a text that is cut off: read again into a larger one.
 *
 * @throws MemcageError `ERR_MEMCAGE_KERNEL_FORMAT`
 */
export function createStatParser(file = 'memory.stat'): StatParser {
  const reader = new LayoutReader(file);
  return (buffer, length) => ({ ...reader.read(buffer, 0, length) });
}

/** A parser for a few lines: it reads no further than to the last of them. */
export function createStatPicker(names: readonly string[], file = 'memory.stat'): StatPicker {
  const reader = new LayoutReader(file, new Set(names));
  let last: FlatKeyed = {};
  return {
    read(buffer, start, end) {
      last = reader.read(buffer, start, end);
    },
    value: (name) => last[name] ?? 0,
  };
}

class LayoutReader {
  #layout: Layout | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    private readonly file: string,
    private readonly wanted?: ReadonlySet<string>,
  ) {}

  /** The caller copies it. */
  read(buffer: Uint8Array, start: number, end: number): FlatKeyed {
    if (this.#view.buffer !== buffer.buffer || this.#view.byteOffset !== buffer.byteOffset) {
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    if (this.#layout !== null && readValues(this.#layout, buffer, this.#view, start, end)) return this.#layout.last;
    const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString('latin1');
    if (!text.endsWith('\n')) throw cutOff(text, this.file);
    const stat = parseFlatKeyed(text, this.file);
    this.#layout = createLayout(stat, this.wanted);
    return this.#layout?.last ?? stat;
  }
}

function cutOff(text: string, file: string): Error {
  const lines = text.split('\n');
  return kernelFormatError(file, 'whole lines', lines.at(-1) ?? '', lines.length);
}

/** null: there is a name that is too short to be read by the word. */
function createLayout(stat: FlatKeyed, wanted: ReadonlySet<string> | undefined): Layout | null {
  const all = Object.keys(stat);
  if (all.some((name) => name.length + 1 < WORD)) return null;
  const names = all.slice(0, neededOf(all, wanted));
  const words: number[] = [];
  const ends = names.map((name) => {
    words.push(...wordsOf(`${name} `));
    return words.length;
  });
  return {
    names,
    lengths: Int32Array.from(names, (name) => name.length + 1),
    words: Int32Array.from(words),
    ends: Int32Array.from(ends),
    values: Float64Array.from(names, (name) => stat[name] ?? 0),
    last: Object.fromEntries(Object.entries(stat).slice(0, names.length)),
    goesOn: names.length < all.length,
  };
}

/** How many lines must be read. One that is missing now may be there in another cgroup. */
function neededOf(names: readonly string[], wanted: ReadonlySet<string> | undefined): number {
  if (wanted === undefined) return names.length;
  const indices = Array.from(wanted, (name) => names.indexOf(name));
  return indices.includes(-1) ? names.length : Math.max(...indices) + 1;
}

function wordsOf(text: string): number[] {
  const bytes = Buffer.from(text, 'latin1');
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += WORD) words.push(bytes.readInt32LE(Math.min(at, bytes.length - WORD)));
  return words;
}

/** Brings `layout.last` up to date; false when the text has other names, or a value that is not plain digits. */
function readValues(layout: Layout, buffer: Uint8Array, view: DataView, start: number, end: number): boolean {
  const { names, lengths, words, ends, last, values, goesOn } = layout;
  // Bytes behind `end` are what an earlier, longer text left: reading into them shows at the end.
  let position = start;
  let word = 0;
  for (let index = 0; index < lengths.length; index += 1) {
    const digitsAt = position + (lengths[index] as number);
    if (digitsAt > end) return false;
    const lastWord = (ends[index] as number) - 1;
    for (; word < lastWord; word += 1) {
      if (view.getInt32(position, true) !== words[word]) return false;
      position += WORD;
    }
    if (view.getInt32(digitsAt - WORD, true) !== words[word]) return false;
    word += 1;
    position = digitsAt;
    let value = 0;
    // Past the buffer there is undefined, which no comparison accepts.
    let byte = buffer[position] as number;
    while (byte !== NEWLINE) {
      const digit = byte - DIGIT_0;
      if (!(digit >= 0 && digit <= 9)) return false;
      value = value * 10 + digit;
      position += 1;
      byte = buffer[position] as number;
    }
    const digits = position - digitsAt;
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
  return goesOn ? position < end : position === end;
}

/** Of `memory.stat`, whose names are the same in all cgroups of a machine: known ones parse faster. */
export const parseStat = createStatParser();
