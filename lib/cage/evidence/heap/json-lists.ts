const MOST_BEFORE = 64 * 1024;
const MOST_TEXT = 200;

const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const END = 0x5d;

/** A JSON file of lists that are too long for JSON.parse. V8 before that of Node 24 has lines in them. */
export class JsonLists {
  #data: Buffer = Buffer.alloc(0);

  constructor(private readonly chunks: AsyncIterator<Buffer>) {}

  /** Reads up to the end of that. @returns what is before it, the end where that is long */
  async skip(mark: string): Promise<string> {
    while (!this.#data.includes(mark)) {
      this.#data = Buffer.concat([this.#data.subarray(-MOST_BEFORE), await this.#next()]);
    }
    const at = this.#data.indexOf(mark);
    const before = this.#data.toString('utf8', 0, at);
    this.#data = this.#data.subarray(at + mark.length);
    return before;
  }

  /** Reads a list. @param use is called with so many numbers at a time, always with the same array */
  async records(fields: number, use: (numbers: readonly number[]) => void): Promise<void> {
    const numbers = Array.from({ length: fields }, () => 0);
    let field = 0;
    let number = 0;
    let hasDigits = false;
    for (;;) {
      for (let at = 0; at < this.#data.length; at += 1) {
        const byte = this.#data[at] ?? 0;
        if (byte >= ZERO && byte <= NINE) {
          number = number * 10 + byte - ZERO;
          hasDigits = true;
          continue;
        }
        if (byte !== COMMA && byte !== END) continue;
        if (hasDigits) numbers[field++] = number;
        number = 0;
        hasDigits = false;
        if (field === fields) {
          field = 0;
          use(numbers);
        }
        if (byte !== END) continue;
        this.#data = this.#data.subarray(at + 1);
        return;
      }
      this.#data = await this.#next();
    }
  }

  /** Reads the last list. @param use is called for each that is wanted, with the beginning of it */
  async strings(isWanted: (index: number) => boolean, use: (index: number, text: string) => void): Promise<void> {
    let index = 0;
    let text: number[] | undefined;
    let isInside = false;
    let isEscaped = false;
    for (;;) {
      for (const byte of this.#data) {
        if (!isInside) {
          if (byte === END) return;
          isInside = byte === QUOTE;
          text = isInside && isWanted(index) ? [] : undefined;
        } else if (byte === QUOTE && !isEscaped) {
          if (text !== undefined) use(index, unescaped(Buffer.from(text).toString()));
          isInside = false;
          index += 1;
        } else {
          isEscaped = byte === BACKSLASH && !isEscaped;
          if (text !== undefined && text.length < MOST_TEXT) text.push(byte);
        }
      }
      this.#data = await this.#next();
    }
  }

  async #next(): Promise<Buffer> {
    const { value } = (await this.chunks.next()) as IteratorResult<Buffer, undefined>;
    if (value === undefined) throw new Error('it is not whole');
    return value;
  }
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // It was cut off in an escape.
    return text;
  }
}
