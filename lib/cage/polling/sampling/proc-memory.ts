import { readProcFile } from '../../../common/machine/proc';
import { hasWaitingThread, type ProcessStat, readProcessStat, ticksNow } from './process-stat';

/** What differs between a process and its child of fork(2) as soon as one of them writes to its memory. */
const TELLING = ['Rss', 'Anonymous', 'Private_Dirty'] as const;

/** A child is another program by then, if it is to become one. In ticks of the kernel's clock, which are 10 ms. */
const YOUNG_TICKS = 100;

/** How many pages may come or go without a change of memory. */
const FEW_PAGES = 16;

/**
 * Memory of all processes together: what several share is divided among them (Pss), and what was swapped out counts
 * too. See proc_pid_smaps(5). Files of a tmpfs count only where a process has mapped them. Other files don't: the kernel
 * drops their pages before it kills, and whether a program pays for its text depends on who else runs it.
 */
export function proportionalBytes(processes: readonly ProcessStat[], pageBytes: number): number {
  // Read first: what is borrowed is known only afterwards.
  const figures = processes.map((process) => ({ process, bytes: ofOne(process) }));
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  let sum = 0;
  for (const { process, bytes } of figures) {
    if (!isBorrower(process, byPid.get(process.ppid) ?? ownStat(process, pageBytes), pageBytes)) sum += bytes;
  }
  return sum;
}

/** The process that this thread is of, if it started that one. It is in no group. */
function ownStat({ ppid }: ProcessStat, pageBytes: number): ProcessStat | undefined {
  return ppid === process.pid ? readProcessStat(ppid, pageBytes) : undefined;
}

/**
 * Between vfork(2) and exec a child has the very memory of its parent, and the kernel shows it for both: a process that
 * starts another would seem to have doubled. In exec it lets go of the waiting parent a moment before it has a memory of
 * its own. A child of fork(2) has the same addresses too, but memory of its own.
 */
function isBorrower(child: ProcessStat, parent: ProcessStat | undefined, pageBytes: number): boolean {
  if (parent === undefined || child.layout !== parent.layout) return false;
  // A child that ended or became another program while the figures were read: they say nothing.
  const isAnother = (): boolean => {
    const later = readProcessStat(child.pid, pageBytes);
    return later === undefined || later.start !== child.start || later.layout !== child.layout;
  };
  if (isAnother()) return true;
  const mayBorrow = hasWaitingThread(parent.pid) || ticksNow() - child.start < YOUNG_TICKS;
  // The parent may wait for something else, while a child of fork(2) takes memory.
  return (mayBorrow && hasSameMemory(child, parent, pageBytes)) || isAnother();
}

/** Whether two processes show the same memory. True also where that can't be read. */
function hasSameMemory(child: ProcessStat, parent: ProcessStat, pageBytes: number): boolean {
  const read = ({ reader }: ProcessStat): string | undefined => readProcFile(reader, 'smaps_rollup');
  // Other threads of the parent go on, so what it shows may lie between what its child shows before and after.
  const [before, between, after] = [read(child), read(parent), read(child)];
  if (before === undefined || between === undefined || after === undefined) return true;
  return TELLING.every((name) => {
    const [one, parents, other] = [before, between, after].map((text) => sumOf(text, [name]) ?? 0) as [
      number,
      number,
      number,
    ];
    const slack = FEW_PAGES * pageBytes;
    return parents >= Math.min(one, other) - slack && parents <= Math.max(one, other) + slack;
  });
}

function ofOne({ reader }: ProcessStat): number {
  const rollup = readProcFile(reader, 'smaps_rollup');
  if (rollup !== undefined) {
    // Before Linux 5.3 it does not tell the kinds apart.
    const exact = sumOf(rollup, ['Pss_Anon', 'Pss_Shmem', 'SwapPss']) ?? sumOf(rollup, ['Pss', 'SwapPss']);
    if (exact !== undefined) return exact;
  }
  // Another user's, or a kernel without that file: what it has for itself, and all of the shared memory.
  const status = readProcFile(reader, 'status') ?? '';
  // One that is about to end has no memory, and so no such lines.
  return sumOf(status, ['RssAnon', 'RssShmem', 'VmSwap']) ?? sumOf(status, ['VmRSS']) ?? 0;
}

/** Lines of `NAME: 12 kB`. undefined if the text has not the first of them. */
function sumOf(text: string, names: readonly [string, ...string[]]): number | undefined {
  const figures = names.map((name) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
  if (figures[0] === undefined) return undefined;
  return figures.reduce((sum, figure) => sum + Number(figure ?? 0) * 1024, 0);
}
