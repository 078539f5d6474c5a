import { readdirSync, readFileSync } from 'node:fs';
import { readProcFile } from '../../../common/machine/proc';
import type { Process } from './process';

/** USER_HZ, in which /proc counts; the kernel has it at 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** The time on the clock of the start of processes in /proc: ticks since the machine was started. */
export function ticksNow(): number {
  const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.floor(Number(uptime) * TICKS_PER_SECOND);
}

/** PF_KTHREAD of include/linux/sched.h: a thread of the kernel, which has no environment. */
const KERNEL_THREAD = 0x00200000;

/** What `/proc/<pid>/stat` says of a process, see proc_pid_stat(5). */
export interface ProcessStat extends Process {
  /** Where its program, stack, arguments and environment are: two processes with the same share or copy them. */
  readonly layout: string;
  readonly isOfKernel: boolean;
  /** The pid, or the id of a thread that still has the memory when the first one has ended. */
  readonly reader: number;
}

/** undefined if it has ended. */
export function readProcessStat(pid: number, pageBytes: number): ProcessStat | undefined {
  const own = readFields(pid);
  if (own === undefined) return undefined;
  const { name, fields } = own;
  const isZombie = isOver(fields);
  // The first thread of a process can end before the others. It then looks like a zombie without memory.
  const other = isZombie && Number(fields[17]) > 1 ? livingThread(pid) : undefined;
  const memory = other?.fields ?? fields;
  return {
    pid,
    name,
    ppid: Number(fields[1]),
    start: Number(fields[19]),
    ended: isZombie && other === undefined,
    rssBytes: Number(memory[21]) * pageBytes,
    layout: [23, 25, 42, 44, 45, 47].map((index) => memory[index]).join(),
    isOfKernel: (Number(fields[6]) & KERNEL_THREAD) !== 0,
    reader: other?.id ?? pid,
  };
}

/** Whether a thread of the process waits without being interruptible, as one does between vfork(2) and exec. */
export function hasWaitingThread(pid: number): boolean {
  return threads(pid).some(({ fields }) => fields[0] === 'D');
}

interface StatFields {
  id: number;
  name: string;
  /** From the third on, the state. */
  fields: string[];
}

function readFields(id: number): StatFields | undefined {
  const text = readProcFile(id, 'stat');
  // Empty: the thread has ended since the file was opened.
  if (text === undefined || text === '') return undefined;
  // The name may itself contain blanks and parentheses.
  const end = text.lastIndexOf(')');
  return { id, name: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') };
}

function isOver(fields: readonly string[]): boolean {
  return fields[0] === 'Z' || fields[0] === 'X';
}

function livingThread(pid: number): StatFields | undefined {
  return threads(pid).find(({ fields }) => !isOver(fields));
}

function threads(pid: number): StatFields[] {
  let ids: string[];
  try {
    ids = readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  return ids.flatMap((id) => readFields(Number(id)) ?? []);
}
