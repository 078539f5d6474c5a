import { join } from 'node:path';
import { formatSize } from '../../../common/text/size';
import type { ProcessShare } from '../messages';
import type { HeapThread } from './heap-thread';
import type { Loan } from './loan';
import type { HeapAnswer, NodeProcess } from './messages';
import type { ThreadMemory } from './protocol';

/** A process that holds less of what all hold is not what filled the cage. */
const LEAST_PART = 1 / 4;
/** A process that computes answers within milliseconds. */
const ASK_MS = 2000;
/** A snapshot takes V8 some 10 to 40 s for 1 GiB; all others wait. */
const SNAPSHOT_MS = 120_000;
const SUMMARY_MS = 120_000;
/** All are taken by then: a few processes are asked at most. */
export const LONGEST_HEAPS_MS = SNAPSHOT_MS + 10_000 + ASK_MS / LEAST_PART;
/** A snapshot takes at least so many times the heap, and up to 20 times where it is full of small objects. */
const LEAST_TIMES = 4;

/** What memory was lent for. */
export interface TakenHeaps {
  node: NodeProcess[];
  /** What was not read, and why. */
  unread: string[];
}

export interface HeapTaker {
  thread: HeapThread;
  loan: Loan;
  extraBytes: number;
  /** The directory of the report. */
  path: string;
}

/** Has the Node processes that fill a stopped cage write heap snapshots. Resolves when all are stopped again. */
export async function takeHeaps(processes: readonly ProcessShare[], taker: HeapTaker): Promise<TakenHeaps> {
  const taken: TakenHeaps = { node: [], unread: [] };
  const all = processes.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  const large = processes
    .filter(({ heldBytes }) => heldBytes >= all * LEAST_PART)
    .sort((one, other) => other.heldBytes - one.heldBytes);
  const endMs = performance.now() + SNAPSHOT_MS;
  for (const process of large) {
    const killsBefore = taker.loan.kills();
    const bringBack = taker.loan.lend(process.pid);
    if (bringBack === undefined) continue;
    let why: string | undefined;
    try {
      why = await takeHeap(process.pid, taker, taken, endMs);
    } finally {
      bringBack();
    }
    if (why === undefined) continue;
    const wasKilled = taker.loan.kills() > killsBefore;
    const killed = `it needed more than the ${formatSize(taker.extraBytes)} of evidence.extra, and the kernel has killed it for that`;
    taken.unread.push(`heap snapshot of ${process.name} (pid ${process.pid}): ${wasKilled ? killed : why}`);
  }
  return taken;
}

/** Adds to the report what the snapshots hold, by type. Nothing is stopped any more. */
export async function summarizeHeaps(taken: TakenHeaps, { thread, path }: HeapTaker): Promise<void> {
  for (const process of taken.node) {
    if (process.snapshot === null) continue;
    const file = join(path, process.snapshot);
    const answer = await thread.ask({ kind: 'summarize', path: file }, SUMMARY_MS, 'it took too long');
    if ('types' in answer) {
      process.types = answer.types;
      if (answer.unread !== undefined) taken.unread.push(`retained sizes in ${process.snapshot}: ${answer.unread}`);
    } else taken.unread.push(`types in ${process.snapshot}: ${whyNot(answer)}`);
  }
}

/** @returns why there is no snapshot */
async function takeHeap(
  pid: number,
  { thread, extraBytes, path }: HeapTaker,
  taken: TakenHeaps,
  endMs: number,
): Promise<string | undefined> {
  const late = 'it did not answer in time: it is in native code, or has no time to run';
  const told = await thread.ask({ kind: 'ask', pid }, ASK_MS, late);
  const fullest =
    'threads' in told ? [...told.threads].sort((one, other) => sizeOf(other) - sizeOf(one))[0] : undefined;
  if (fullest === undefined) return whyNot(told);
  const process = describe(pid, fullest);
  taken.node.push(process);
  if (fullest.heapUsed * LEAST_TIMES > extraBytes) {
    return `its heap has ${formatSize(fullest.heapUsed)}, a snapshot takes 4 to 20 times as much memory, and evidence.extra is ${formatSize(extraBytes)}`;
  }
  const snapshot = `heap-${pid}.heapsnapshot`;
  const { session } = fullest;
  const answer = await thread.ask(
    { kind: 'take', pid, session, path: join(path, snapshot) },
    Math.max(1, endMs - performance.now()),
    `it was not done within ${SNAPSHOT_MS / 1000} s`,
  );
  if (!('bytes' in answer)) return whyNot(answer);
  process.snapshot = snapshot;
  return undefined;
}

function sizeOf({ heapUsed, external }: ThreadMemory): number {
  return heapUsed + external;
}

function describe(pid: number, thread: ThreadMemory): NodeProcess {
  const { heapUsed, heapTotal, heapLimit, external, arrayBuffers, malloced, code, scripts, spaces, stack } = thread;
  return {
    ...{ pid, thread: thread.title, spaces, stack },
    ...{ heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, heapLimitBytes: heapLimit },
    native: { buffers: arrayBuffers, otherExternal: Math.max(0, external - arrayBuffers), malloced, code, scripts },
    ...{ snapshot: null, types: [] },
  };
}

function whyNot(answer: HeapAnswer): string {
  return 'failed' in answer ? answer.failed : 'it has answered something else';
}
