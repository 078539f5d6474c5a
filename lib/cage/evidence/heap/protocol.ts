/** How the thread in a Node child and the one here talk, through an abstract socket: a line of JSON each. */

/** The variable that tells a Node child where to answer: the name of the socket, and what it has to say there. */
export const VARIABLE = 'MEMCAGE_HEAP';
/** The name of the thread in a Node child. */
export const HELPER = 'memcage-heap';
/** What it runs, beside the file that Node loads first. */
export const HELPER_FILE = 'evidence-helper.js';

/** The first line of a connection; with `data` it is followed by a heap snapshot. */
export interface Hello {
  secret: string;
  /** As the process has it. */
  pid: number;
  data?: number;
}

/** What a thread of a Node process holds, in bytes. */
export interface ThreadMemory {
  /** Undefined: the main thread. */
  session?: string;
  title: string;
  heapUsed: number;
  heapTotal: number;
  heapLimit: number;
  external: number;
  arrayBuffers: number;
  malloced: number;
  code: number;
  scripts: number;
  spaces: readonly { name: string; usedBytes: number; sizeBytes: number }[];
  /** Where it was in JavaScript. */
  stack: readonly string[];
}

export type Order = { ask: number } | { take: number; session?: string | undefined };

export type Answer = { asked: number; threads: ThreadMemory[] } | { taken: number; failed?: string };
