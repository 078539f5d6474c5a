import type { MessagePort } from 'node:worker_threads';
import type { ThreadMemory } from './protocol';

/** What the thread that talks with Node children is told at its start. */
export interface HeapData {
  answers: MessagePort;
  /** 1 once it listens, -1 if it can't. */
  state: SharedArrayBuffer;
  /** Of the abstract socket. */
  name: string;
  secret: string;
}

export type HeapRequest =
  | { id: number; kind: 'ask'; pid: number }
  | { id: number; kind: 'take'; pid: number; session: string | undefined; path: string }
  | { id: number; kind: 'summarize'; path: string }
  /** Nobody waits for the answer to that id any more. */
  | { id: number; kind: 'drop' };

/** `failed`: in words, why there is none. */
export type HeapAnswer = { id: number } & (
  | { failed: string }
  | { threads: readonly ThreadMemory[] }
  | { bytes: number }
  | { types: readonly HeapType[] }
);

/** What all objects of a type hold by themselves, without what they refer to. */
export interface HeapType {
  name: string;
  bytes: number;
  count: number;
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
  /** The largest ones, without what they refer to. */
  types: readonly HeapType[];
}
