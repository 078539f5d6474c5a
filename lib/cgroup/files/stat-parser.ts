import { type FlatKeyed, kernelFormatError, parseFlatKeyed, UNLIMITED_FROM } from './formats';

/** Parses `length` bytes of `memory.stat` in a buffer. Returns a new plain object with the kernel's names. */
export type StatParser = (buffer: Uint8Array, length: number) => FlatKeyed;

const NEWLINE = 10;
const DIGIT_0 = 48;
// 10^15 < 2^53: up to here the digits add up without rounding.
const MAX_EXACT_DIGITS = 15;
/** How many bytes are compared at a time. */
const WORD = 4;

/** The lines of `memory.stat`. Only the kernel's version changes them, so all bytes but the values are known ahead. */
interface StatLayout {
  names: readonly string[];
  /** The length of each name in bytes, with the space after it. */
  lengths: Int32Array;
  /**
   * The names, each with its space, as consecutive words. The last word of a name ends where the name ends, and may
   * overlap the word before.
   */
  words: Int32Array;
  /** The index at which each name's words end. */
  ends: Int32Array;
  /** The values of the last call. */
  values: Float64Array;
  /**
   * The values of the last call as an object. Copying it is ten times faster than setting 50 properties of a new one, and before
   * that only the values that changed are set.
   */
  last: FlatKeyed;
  /** More lines follow, which need not be read. */
  goesOn: boolean;
}

/**
 * Creates a parser that remembers: it parses the first text in full, and reads only the digits of later ones as long as
 * their names are the same. If the buffer is full, the text may be cut off: read it again into a larger one.
 *
 * @throws MemcageError `ERR_MEMCAGE_KERNEL_FORMAT`
 */
export function createStatParser(file = 'memory.stat'): StatParser {
  const reader = new StatReader(file);
  return (buffer, length) => ({ ...reader.read(buffer, 0, length) });
}

/** Parses `memory.stat`, or only some of its lines: then it stops after the last of them. */
export class StatReader {
  #layout: StatLayout | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** @param wanted the names of the wanted lines. Default: all */
  constructor(
    private readonly file = 'memory.stat',
    private readonly wanted?: ReadonlySet<string>,
  ) {}

  /** Reads the text between two positions of a buffer. The result is good until the next call. */
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

/** null if a name is too short to be compared word by word. */
function createLayout(stat: FlatKeyed, wanted: ReadonlySet<string> | undefined): StatLayout | null {
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

/** How many lines must be read. Another cgroup may have a line that is missing here. */
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

/** Updates `layout.last`. False if the text has other names, or a value that is not plain digits. */
function readValues(layout: StatLayout, buffer: Uint8Array, view: DataView, start: number, end: number): boolean {
  const { names, lengths, words, ends, last, values, goesOn } = layout;
  // Bytes after `end` are left from an earlier, longer text. If the loop reads into them, the check at the end fails.
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
    // Beyond the buffer this is undefined, which no comparison accepts.
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
      // v1's "unlimited", slightly rounded. Any other number this long needs the full parse.
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

/** Parses `memory.stat`. All cgroups of a machine have the same names, so every text after the first is faster. */
export const parseStat = createStatParser();
