import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Look, Process, ProcessTable } from './process';

/** What is used of the package pidusage, which has no types of its own. */
type PidUsage = (
  pids: number[],
  options: { usePs: boolean },
) => Promise<Record<string, { memory: number; elapsed: number; timestamp: number }>>;

/** How many processes one command asks about: a command line on Windows has 32,767 characters. */
const AT_ONCE = 500;

/** `ps` gives the age of a process in whole seconds. */
const AGE_TOLERANCE_MS = 2500;

/** A process without memory for so long is a zombie. One that is about to become another program has none for a moment. */
const ZOMBIE_MS = 100;

const FAR_LONGER_THAN_PS_MS = 10_000;

/**
 * The processes that a program lists: `ps`, or on Windows WMIC or PowerShell. They say neither what processes share nor
 * what is in their environment.
 */
export class PsTable implements ProcessTable {
  readonly startTolerance = AGE_TOLERANCE_MS;
  /** Since when processes have been without memory. */
  #emptySinceMs = new Map<number, number>();

  /** Each look starts programs, so there is nothing to gain from what earlier looks have found. */
  async look(_all: boolean, roots: readonly number[]): Promise<Look> {
    const { pidtree } = await import('pidtree');
    const pairs = await pidtree(-1, { advanced: true });
    const processes = await this.#read(treesOf(roots, new Map(pairs.map(({ pid, ppid }) => [pid, ppid]))));
    return {
      fresh: [...processes.values()],
      find: (pid) => processes.get(pid),
      carries: () => false,
      footprint: () => undefined,
      measure: (some) => some.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    };
  }

  rejudge(): void {
    // Every process is fresh at each look.
  }

  async names(processes: readonly Process[]): Promise<Process[]> {
    const names = await readNames(processes.map(({ pid }) => pid));
    return processes.map((process) => ({ ...process, name: names.get(process.pid) ?? process.name }));
  }

  async #read(parents: ReadonlyMap<number, number>): Promise<Map<number, Process>> {
    const pids = [...parents.keys()];
    const processes = new Map<number, Process>();
    const emptySinceMs = new Map<number, number>();
    for (let first = 0; first < pids.length; first += AT_ONCE) {
      const usages = await readUsages(pids.slice(first, first + AT_ONCE));
      const nowMs = performance.now();
      for (const [name, { memory, elapsed, timestamp }] of Object.entries(usages)) {
        const pid = Number(name);
        const sinceMs = this.#emptySinceMs.get(pid) ?? nowMs;
        if (memory === 0) emptySinceMs.set(pid, sinceMs);
        const ended = memory === 0 && nowMs > sinceMs + ZOMBIE_MS;
        const ppid = parents.get(pid) ?? 0;
        processes.set(pid, { pid, ppid, start: timestamp - elapsed, name: '', ended, rssBytes: memory });
      }
    }
    this.#emptySinceMs = emptySinceMs;
    return processes;
  }
}

/** The roots that exist, and all below them, with their parents. */
function treesOf(roots: readonly number[], parents: ReadonlyMap<number, number>): Map<number, number> {
  const trees = new Map(roots.flatMap((pid) => (parents.has(pid) ? [[pid, parents.get(pid) ?? 0] as const] : [])));
  for (let before = -1; before !== trees.size; ) {
    before = trees.size;
    for (const [pid, ppid] of parents) if (trees.has(ppid)) trees.set(pid, ppid);
  }
  return trees;
}

async function readUsages(pids: number[]): ReturnType<PidUsage> {
  const pidusage = require('pidusage') as PidUsage;
  try {
    return await pidusage(pids, { usePs: true });
  } catch (error) {
    // None of the processes is there any more.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

async function readNames(pids: readonly number[]): Promise<Map<number, string>> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,comm=', '-p', pids.join()], {
      timeout: FAR_LONGER_THAN_PS_MS,
    });
    const lines = stdout.split('\n').map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
    return new Map(lines.flatMap((line) => (line === null ? [] : [[Number(line[1]), basename(line[2] ?? '')]])));
  } catch {
    // Windows has no ps. A kill must not fail for want of a name.
    return new Map();
  }
}
