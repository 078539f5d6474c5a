import { kindsInWords, type MemoryKinds, usedBytesOf } from '../../common/text/memory-kinds';
import { printable } from '../../common/text/names';
import { formatSize } from '../../common/text/size';
import type { Outcome } from '../../index';

/** What was concluded of a worker that memory ended, or perhaps did. */
export interface Verdict {
  /** Whether the file did not exceed its own limit, but all together did: it deserves to run again, alone. */
  readonly again: boolean;
  /** For the error of the file; with `again` for a line on stderr. Without a full stop at its end. */
  readonly message: string;
}

export interface EndedWorker {
  outcome: Outcome;
  /** The file, as people know it. */
  file: string;
  /** The test that ran, if that is known. */
  test: string | undefined;
  /** The limit of the worker. */
  limitBytes: number;
  total: { bytes: number; path: string | undefined };
  wasAlone: boolean;
  /** What the memory was of at the last look; undefined if there was none. */
  kinds: MemoryKinds | undefined;
}

/** Undefined: it was not memory that ended the worker. */
export function verdictOf(ended: EndedWorker): Verdict | undefined {
  const { outcome, file, test, wasAlone, kinds } = ended;
  const end = endOf(ended, test === undefined ? '' : ` in the test "${printable(test)}"`);
  if (end === undefined) return undefined;
  const fact = `${printable(file)} ${end}`;
  if (isForTotal(ended) && !wasAlone) return { again: true, message: `${fact}: it runs again, alone` };
  const facts = [fact];
  const peakBytes = outcome.memory.peakBytes;
  if (peakBytes !== null) facts.push(`Peak: ${formatSize(peakBytes)}`);
  const { evidence } = outcome;
  if (evidence === null) facts.push(...lastSeen(kinds));
  return { again: false, message: [facts.join('. '), ...(evidence === null ? [] : [evidence.message])].join('\n') };
}

function lastSeen(kinds: MemoryKinds | undefined): string[] {
  const words = kinds === undefined ? '' : kindsInWords(kinds);
  if (kinds === undefined || words === '') return [];
  return [`Last seen, at ${formatSize(usedBytesOf(kinds) + kinds.pageCache)}: ${words}`];
}

function endOf(ended: EndedWorker, during: string): string | undefined {
  const { oom, signal, exitCode } = ended.outcome;
  if (oom?.cause === 'refused') {
    // Nobody has killed it, and nobody knows why it has ended.
    const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
    return `ended${during} ${how}, ${oom.message}`;
  }
  const why = reasonOf(ended);
  return why === undefined ? undefined : `was killed${during} for ${why}`;
}

function reasonOf(ended: EndedWorker): string | undefined {
  const { outcome, limitBytes, total, wasAlone } = ended;
  const { oom, nodeHeap } = outcome;
  if (nodeHeap?.exhausted === 'likely') {
    return `its JavaScript heap, which was full at the ${formatSize(nodeHeap.limitBytes)} that its memory limit of ${formatSize(limitBytes)} leaves it`;
  }
  if (oom === null || oom.kills === 0) return undefined;
  if (isForTotal(ended)) {
    return `the ${formatSize(total.bytes)} of all tests together${wasAlone ? ', though it ran alone' : ''}`;
  }
  switch (oom.cause) {
    case 'limit':
    case 'descendant':
      return `its memory limit of ${formatSize(limitBytes)}`;
    case 'polled':
      return `its memory limit of ${formatSize(limitBytes)}, which memcage polls`;
    default:
      return `memory outside of its own limit (${oom.message})`;
  }
}

/** What is polled tells whose limit it was by its size alone. */
function isForTotal({ outcome: { oom }, limitBytes, total }: EndedWorker): boolean {
  if (oom?.cause === 'cage') return oom.path === null || total.path === undefined || oom.path === total.path;
  const isPolled = oom?.cause === 'polled' || oom?.cause === 'refused';
  return isPolled && oom.limitBytes === total.bytes && total.bytes !== limitBytes;
}
