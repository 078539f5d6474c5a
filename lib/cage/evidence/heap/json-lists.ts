const MOST_LINE = 16 * 1024 ** 2;
const MOST_BEFORE = 64 * 1024;

/** A JSON file of lists that are too long for JSON.parse, with lines that end between their elements. */
export class JsonLists {
  #rest: Buffer = Buffer.alloc(0);
  /** Lines, from where it was read up to. */
  #text = '';

  constructor(private readonly chunks: AsyncIterator<Buffer>) {}

  /** Reads up to the end of that. @returns what is before it, the end where that is long */
  async skip(mark: string): Promise<string> {
    while (!this.#text.includes(mark)) {
      const last = this.#text.slice(-MOST_BEFORE);
      await this.#next();
      this.#text = `${last}\n${this.#text}`;
    }
    const at = this.#text.indexOf(mark);
    const before = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + mark.length);
    return before;
  }

  /** Reads a list. @param fields how many numbers are one record, which is within a line */
  async records(fields: number, use: (numbers: readonly number[], at: number) => void): Promise<void> {
    for (;;) {
      const [text = ''] = this.#text.split(']', 1);
      if (!/^[\d,\s]*$/.test(text)) throw new Error('it has something else than numbers');
      const numbers = JSON.parse(`[${text.replace(/^,/, '')}]`) as number[];
      for (let at = 0; at < numbers.length; at += fields) use(numbers, at);
      if (text !== this.#text) return;
      await this.#next();
    }
  }

  /** Reads the last list. */
  async strings(use: (text: string) => void): Promise<void> {
    for (;;) {
      const isLast = this.#text.endsWith(']}');
      const strings = `[${isLast ? this.#text.slice(0, -2) : this.#text.replace(/,$/, '')}]`;
      for (const text of JSON.parse(strings) as string[]) use(text);
      if (isLast) return;
      await this.#next();
    }
  }

  async #next(): Promise<void> {
    let data = this.#rest;
    let end = -1;
    while (end < 0) {
      const { value, done } = (await this.chunks.next()) as IteratorResult<Buffer, undefined>;
      if (done === true && data.toString('latin1', data.length - 2) !== ']}') throw new Error('it is not whole');
      if (data.length > MOST_LINE) throw new Error('it has too long a line');
      if (done !== true) data = Buffer.concat([data, value]);
      end = done === true ? data.length : data.lastIndexOf('\n');
    }
    this.#rest = data.subarray(end + 1);
    this.#text = data.toString('utf8', 0, end);
  }
}
