import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** The default of Node's exec. */
export const DEFAULT_MAX_BUFFER = 1024 * 1024;

export type OutputEncoding = BufferEncoding | 'buffer';
export type OutputStream = 'stdout' | 'stderr';
export type Output<E extends OutputEncoding> = E extends 'buffer' ? Buffer : string;

export interface CollectOptions<E extends OutputEncoding> {
  encoding: E;
  /** Bytes per stream. */
  maxBuffer: number;
  /** Called once, for the first stream with more than `maxBuffer` bytes. */
  onOverflow: (stream: OutputStream) => void;
  /** Called when one can't be read. What was read before stays. */
  onError: (error: Error) => void;
}

export interface Collected<E extends OutputEncoding> {
  stdout: Output<E>;
  stderr: Output<E>;
}

/** Collects what the child writes. Complete once 'close' was emitted. A stream that is not a pipe counts as empty. */
export function collectOutput<E extends OutputEncoding>(
  child: Pick<ChildProcess, OutputStream>,
  options: CollectOptions<E>,
): () => Collected<E> {
  let overflowed = false;
  const collect = (stream: OutputStream): BoundedBuffer => {
    const buffer = new BoundedBuffer(options.maxBuffer);
    // undefined too: after EMFILE Node leaves the streams undefined.
    const source: Readable | null | undefined = child[stream];
    // Reads on after the overflow, so that a child that ignores the signal doesn't block on a full pipe.
    source?.on('data', (chunk: Buffer) => {
      if (buffer.append(chunk) || overflowed) return;
      overflowed = true;
      options.onOverflow(stream);
    });
    source?.on('error', options.onError);
    return buffer;
  };
  const stdout = collect('stdout');
  const stderr = collect('stderr');
  return () => ({ stdout: stdout.read(options.encoding), stderr: stderr.read(options.encoding) });
}

/**
 * Writes the input to the child's stdin and ends it. It is no error if the child ends, or closes stdin, without
 * reading it.
 */
export function writeInput(
  child: Pick<ChildProcess, 'stdin'>,
  input: string | Uint8Array,
  onError: (error: Error) => void,
): void {
  const stdin = child.stdin as ChildProcess['stdin'] | undefined;
  stdin?.on('error', (error: NodeJS.ErrnoException) => {
    // ECONNRESET: the pipe is a socket pair, and was closed with unread input in it.
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') onError(error);
  });
  stdin?.end(input);
}

class BoundedBuffer {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #truncated = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the whole chunk was within the limit. */
  append(chunk: Buffer): boolean {
    const room = this.#limit - this.#length;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    if (kept.length > 0) this.#chunks.push(kept);
    this.#length += kept.length;
    if (kept !== chunk) this.#truncated = true;
    return kept === chunk;
  }

  read<E extends OutputEncoding>(encoding: E): Output<E>;
  read(encoding: OutputEncoding): Buffer | string {
    const bytes = Buffer.concat(this.#chunks, this.#length);
    if (encoding === 'buffer') return bytes;
    // The limit may have split a character. Its first half is left out, not shown as U+FFFD.
    return this.#truncated ? new StringDecoder(encoding).write(bytes) : bytes.toString(encoding);
  }
}
