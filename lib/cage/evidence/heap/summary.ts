import type { HeapType } from './messages';

/** More names of types than that are told together. */
const MOST_NAMES = 100_000;
const MOST_TOLD = 20;
const MOST_HEADER = 64 * 1024;
const MOST_NAME = 200;

const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const END = 0x5d;

/** Kinds whose nodes are named by the type itself. The others are all of one type. */
const NAMED: ReadonlySet<string> = new Set(['object', 'native']);
const TOGETHER: Readonly<Record<string, string>> = {
  'concatenated string': '(string)',
  'sliced string': '(string)',
  hidden: '(system)',
  code: '(compiled code)',
};

type State = 'header' | 'nodes' | 'edges' | 'strings' | 'done';

/**
 * Sums up a heap snapshot by type, from one end to the other, in little memory: what is told of an object is its own size, since
 * what it retains would need all of the graph.
 *
 * @see https://github.com/v8/v8/blob/main/src/profiler/heap-snapshot-generator.cc
 */
export class HeapSummary {
  #state: State = 'header';
  /** What was not used yet of the last chunk. */
  #rest: Buffer = Buffer.alloc(0);
  #kinds: readonly string[] = [];
  #places = { type: 0, name: 0, size: 0, count: 0 };
  readonly #node: number[] = [];
  #number = 0;
  #hasDigits = false;
  readonly #named = new Map<number, HeapType>();
  readonly #together = new Map<string, HeapType>();
  #wanted = new Map<number, HeapType>();
  #string = 0;
  #isInString = false;
  #isEscaped = false;
  #text: number[] | undefined;

  /** @throws if it is no heap snapshot */
  add(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = Buffer.alloc(0);
    if (this.#state === 'header') data = this.#header(data);
    if (this.#state === 'nodes') data = this.#nodes(data);
    if (this.#state === 'edges') data = this.#edges(data);
    if (this.#state === 'strings') this.#strings(data);
  }

  /** @returns the largest types. @throws if the snapshot is not whole */
  end(): HeapType[] {
    if (this.#state !== 'done') throw new Error('it is not whole');
    return [...this.#largest(this.#together.values()), ...this.#wanted.values()]
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, MOST_TOLD);
  }

  #header(data: Buffer): Buffer {
    const mark = '"nodes":[';
    const at = data.indexOf(mark);
    if (at < 0) {
      if (data.length > MOST_HEADER) throw new Error('it is no heap snapshot');
      this.#rest = data;
      return Buffer.alloc(0);
    }
    const text = data.toString('utf8', 0, at).trimEnd().replace(/,$/, '}');
    const { node_fields: fields, node_types: types } = (
      JSON.parse(text) as { snapshot: { meta: { node_fields: string[]; node_types: [string[]] } } }
    ).snapshot.meta;
    [this.#kinds] = types;
    const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field));
    if (type === undefined || name === undefined || size === undefined || Math.min(type, name, size) < 0) {
      throw new Error('V8 has another format of heap snapshots now');
    }
    this.#places = { type, name, size, count: fields.length };
    this.#state = 'nodes';
    return data.subarray(at + mark.length);
  }

  #nodes(data: Buffer): Buffer {
    const { count } = this.#places;
    for (let at = 0; at < data.length; at += 1) {
      const byte = data[at] ?? 0;
      if (byte >= ZERO && byte <= NINE) {
        this.#number = this.#number * 10 + byte - ZERO;
        this.#hasDigits = true;
        continue;
      }
      if (byte !== COMMA && byte !== END) continue;
      if (this.#hasDigits) this.#node.push(this.#number);
      this.#number = 0;
      this.#hasDigits = false;
      if (this.#node.length === count) this.#count();
      if (byte !== END) continue;
      this.#state = 'edges';
      this.#wanted = new Map(
        this.#largest(this.#named.entries(), ([, { bytes }]) => bytes).map(([key, type]) => [key, type]),
      );
      return data.subarray(at + 1);
    }
    return Buffer.alloc(0);
  }

  #count(): void {
    const { type, name, size } = this.#places;
    const kind = this.#kinds[this.#node[type] ?? -1] ?? 'unknown';
    const key = this.#node[name] ?? 0;
    const bytes = this.#node[size] ?? 0;
    this.#node.length = 0;
    const isNamed = NAMED.has(kind) && (this.#named.has(key) || this.#named.size < MOST_NAMES);
    const found = isNamed ? typeIn(this.#named, key, '') : typeIn(this.#together, TOGETHER[kind] ?? `(${kind})`);
    found.bytes += bytes;
    found.count += 1;
  }

  /** Nothing but numbers, up to the strings. */
  #edges(data: Buffer): Buffer {
    const mark = '"strings":[';
    const at = data.indexOf(mark);
    if (at < 0) {
      this.#rest = data.subarray(Math.max(0, data.length - mark.length));
      return Buffer.alloc(0);
    }
    this.#state = 'strings';
    return data.subarray(at + mark.length);
  }

  #strings(data: Buffer): void {
    for (const byte of data) {
      if (!this.#isInString) {
        if (byte === END) {
          this.#state = 'done';
          return;
        }
        if (byte !== QUOTE) continue;
        this.#isInString = true;
        this.#text = this.#wanted.has(this.#string) ? [] : undefined;
      } else if (byte === QUOTE && !this.#isEscaped) {
        this.#isInString = false;
        this.#name();
        this.#string += 1;
      } else {
        this.#isEscaped = byte === BACKSLASH && !this.#isEscaped;
        if (this.#text !== undefined && this.#text.length < MOST_NAME) this.#text.push(byte);
      }
    }
  }

  #name(): void {
    const type = this.#wanted.get(this.#string);
    if (type === undefined) return;
    const text = Buffer.from(this.#text ?? []).toString('utf8');
    try {
      type.name = JSON.parse(`"${text}"`) as string;
    } catch {
      // It was cut off in an escape.
      type.name = text;
    }
  }

  #largest<T>(all: Iterable<T>, bytesOf = (each: T): number => (each as HeapType).bytes): T[] {
    return [...all].sort((one, other) => bytesOf(other) - bytesOf(one)).slice(0, MOST_TOLD);
  }
}

function typeIn<K extends number | string>(types: Map<K, HeapType>, key: K, name = String(key)): HeapType {
  const found = types.get(key) ?? { name, bytes: 0, count: 0 };
  types.set(key, found);
  return found;
}
