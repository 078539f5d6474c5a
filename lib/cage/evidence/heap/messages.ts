import type { ThreadMemory } from './protocol';

export type HeapRequest =
  | { id: number; kind: 'ask'; pid: number }
  | { id: number; kind: 'take'; pid: number; session: string | undefined; path: string }
  | { id: number; kind: 'summarize'; path: string }
  /** Nobody waits for the answer to that id any more. */
  | { id: number; kind: 'drop' };

/** `failed`: in words, why there is none. */
export type HeapAnswer = { failed: string } | { threads: readonly ThreadMemory[] } | { bytes: number } | HeapTypes;

/** The largest first. `unread`: why there are only own sizes. */
export interface HeapTypes {
  types: readonly HeapType[];
  unread?: string;
}

export interface HeapType {
  /** Of the class; of a function, with `()`; in brackets what has neither. */
  name: string;
  count: number;
  /** Without what they refer to. */
  ownBytes: number;
  /** What would be freed with all of them. `null`: it was too much to find out. */
  retainedBytes: number | null;
}

/** A Node process, in the report. */
export interface NodeProcess {
  pid: number;
  /** The fullest one. */
  thread: string;
  heapUsedBytes: number;
  heapTotalBytes: number;
  heapLimitBytes: number;
  spaces: ThreadMemory['spaces'];
  /** Outside of the JavaScript heap. */
  native: { buffers: number; otherExternal: number; malloced: number; code: number; scripts: number };
  /** Where that thread was in JavaScript. */
  stack: readonly string[];
  /** The name of the file; `null`: there is none. */
  snapshot: string | null;
  /** The largest ones; the first is that of the objects that most memory is in. */
  types: readonly HeapType[];
}
