// How what a child writes comes: as streams, or as text that was collected.
import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  StdioNull,
  StdioPipe,
} from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** The streams that Node's own typings derive from `stdio`. */
export type StreamsOf<S> = [S] extends [StdioPipe]
  ? ChildProcessWithoutNullStreams
  : [S] extends [StdioNull]
    ? ChildProcessByStdio<null, null, null>
    : S extends readonly [infer I, infer U, infer R]
      ? ChildProcessByStdio<
          I extends StdioPipe ? Writable : null,
          U extends StdioPipe ? Readable : null,
          R extends StdioPipe ? Readable : null
        >
      : ChildProcess;

/** An encoding of collected output; 'buffer' or null for Buffers. */
export type TextEncoding = BufferEncoding | 'buffer' | null;

/** Text in that encoding, or a Buffer. */
export type TextIn<T> = T extends 'buffer' | null ? Buffer : string;

/** What `exec` and `execFile` have in common. */
export interface EncodingOption<T extends TextEncoding> {
  /** Encoding of `stdout` and `stderr`; 'buffer' or null for Buffers. Default: 'utf8'. */
  encoding?: T | undefined;
}

/** The callback that Node calls once the child has ended. */
export type OutputCallback<X, T> = (error: X | null, stdout: TextIn<T>, stderr: TextIn<T>) => void;
