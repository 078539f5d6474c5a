import { readdirSync, readFileSync } from 'node:fs';
import { readProcFile } from '../../../common/machine/proc';
import { proportionalBytes } from './proc-memory';
import type { Footprint, Look, Process, ProcessTable } from './process';
import { type ProcessStat, readProcessStat } from './process-stat';

/**
 * The pid that was given last in this PID namespace. The kernel gives them in ascending order, and starts again at the
 * end: as long as this has not gone backwards, no pid outside of what it has passed has changed its process.
 *
 * undefined where the kernel does not say, or something that emulates it says 0.
 */
function readLastPid(): number | undefined {
  // The first is not in every kernel (CONFIG_CHECKPOINT_RESTORE). Over the second, containers may have a file that is not
  // the kernel's (lxcfs), and seconds old.
  const pid = Number(readIfThere('/proc/sys/kernel/ns_last_pid') ?? readIfThere('/proc/loadavg')?.split(' ')[4]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** See proc_pid_statm(5): the sixth is what RLIMIT_DATA limits, and the stack. */
function readFootprint(pid: number, pageBytes: number): Footprint | undefined {
  const [, resident = 0, shared = 0, , , data = 0] = readProcFile(pid, 'statm')?.split(' ').map(Number) ?? [];
  return resident === 0 ? undefined : { reservedBytes: data * pageBytes, usedBytes: (resident - shared) * pageBytes };
}

/** How often the list of processes is read even if the kernel says that no new pid was given, in case that is wrong. */
const LIST_AGAIN_MS = 100;

/** How often every process is read again. */
const READ_AGAIN_MS = 2000;

/** A new process may still become the program that it was started for, with another environment. */
const SETTLED_MS = 50;

interface Known {
  readonly start: number;
  /** When it was read for the first time. */
  readonly sinceMs: number;
  isSettled: boolean;
}

/**
 * The processes in /proc. Most looks read only what is new: a list of some hundred processes takes half a millisecond,
 * and to read them all takes ten.
 */
export class ProcTable implements ProcessTable {
  readonly startTolerance = 0;
  #known = new Map<number, Known>();
  #lastPid: number | undefined;
  #listedMs = Number.NEGATIVE_INFINITY;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly pageBytes: number) {}

  look(all: boolean): Look {
    const fresh = this.#fresh(all, performance.now());
    const environments = new Map<number, string>();
    const environmentOf = (process: ProcessStat): string => {
      const read = environments.get(process.pid) ?? `\0${readProcFile(process.reader, 'environ') ?? ''}`;
      environments.set(process.pid, read);
      return read;
    };
    return {
      fresh,
      find: (pid) => readProcessStat(pid, this.pageBytes),
      carries: (process, marker) =>
        !(process as ProcessStat).isOfKernel && environmentOf(process as ProcessStat).includes(`\0${marker}\0`),
      footprint: ({ reader }: ProcessStat) => readFootprint(reader, this.pageBytes),
      measure: (processes) => proportionalBytes(processes as readonly ProcessStat[], this.pageBytes),
    };
  }

  rejudge(since: number): void {
    for (const [pid, { start }] of this.#known) if (start >= since) this.#known.delete(pid);
    this.#listedMs = Number.NEGATIVE_INFINITY;
  }

  names(processes: readonly Process[]): readonly Process[] {
    return processes;
  }

  #fresh(all: boolean, nowMs: number): ProcessStat[] {
    const lastPid = readLastPid();
    const before = this.#lastPid;
    if (!all && lastPid !== undefined && lastPid === before && nowMs < this.#listedMs + LIST_AGAIN_MS) return [];
    this.#lastPid = lastPid;
    this.#listedMs = nowMs;
    const isEveryOne =
      all || lastPid === undefined || before === undefined || lastPid < before || nowMs > this.#readMs + READ_AGAIN_MS;
    if (isEveryOne) this.#readMs = nowMs;
    const isNew = (pid: number): boolean => isEveryOne || (pid > before && pid <= lastPid);

    const known = new Map<number, Known>();
    const fresh: ProcessStat[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const old = this.#known.get(pid);
      const isSettled = old !== undefined && nowMs > old.sinceMs + SETTLED_MS;
      if (old !== undefined && !isNew(pid) && (old.isSettled || !isSettled)) {
        known.set(pid, old);
        continue;
      }
      const process = readProcessStat(pid, this.pageBytes);
      if (process === undefined) continue;
      fresh.push(process);
      const isSame = old?.start === process.start;
      known.set(pid, { start: process.start, sinceMs: isSame ? old.sinceMs : nowMs, isSettled: isSame && isSettled });
    }
    this.#known = known;
    return fresh;
  }
}
