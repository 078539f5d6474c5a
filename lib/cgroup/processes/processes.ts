import { readProcFile } from '../../common/machine/proc';
import { checkFlag } from '../../common/options/checks';
import { checkOptions } from '../../common/options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { listPids } from './pids';

/** A process of a cgroup, as /proc shows it: proc(5). */
export interface CgroupProcess {
  /** The process's pid in the caller's PID namespace. */
  pid: number;
  /** The process's pid in its own, innermost PID namespace; equal to `pid` if that is the caller's. */
  ownPid: number;
  /** The pid of the parent process in the caller's PID namespace; `null` if the parent is outside it. */
  parentPid: number | null;
  /** How many of its ancestors, in an unbroken line, are in the cgroup too. */
  depth: number;
  /** The name of its program, cut off after 15 bytes, or the name that it gave itself. */
  name: string;
  /** The process's arguments, starting with the name of the program; empty for a process that is ending. */
  command: string[];
  /**
   * Resident memory in bytes, like RES of top: all mapped pages. Pages that it shares count in full, and so do pages
   * that are charged to another cgroup. `null` for a process that is ending.
   */
  rssBytes: number | null;
  /** `rssBytes` with each shared page divided among those that share it; `null` unless requested and permitted. */
  pssBytes: number | null;
}

/** Options of {@link Cgroup.processes}. */
export interface ProcessesOptions {
  /** Get `pssBytes` (Linux 4.14). That is slow: the kernel walks through all pages of each process. Default: false. */
  pss?: boolean;
}

/**
 * Reads the processes of a cgroup and those below it, each followed by its children. Leaves out those that have ended,
 * zombies included.
 */
export function readProcesses(directory: CgroupDirectory, options: unknown): CgroupProcess[] {
  const { pss = false } = checkOptions(options, { of: 'cgroup.processes', known: ['pss'] });
  const withPss = checkFlag('pss', pss);
  const found = listPids(directory, 'cgroup.procs').flatMap((pid) => readProcess(pid, withPss) ?? []);
  return inTreeOrder(found);
}

/** `depth` is set later. Undefined if the process has ended, or can't be seen from this PID namespace (0). */
function readProcess(pid: number, pss: boolean): CgroupProcess | undefined {
  const status = pid === 0 ? undefined : readProcFile(pid, 'status');
  if (status === undefined) return undefined;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    pid,
    ownPid: Number(field('NSpid').split('\t').at(-1)) || pid,
    parentPid: Number(field('PPid')) || null,
    depth: 0,
    name: (readProcFile(pid, 'comm') ?? field('Name')).trimEnd(),
    command: readCommand(pid),
    rssBytes: kilobytes(field('VmRSS')),
    pssBytes: pss ? readPss(pid) : null,
  };
}

function readPss(pid: number): number | null {
  const rollup = readProcFile(pid, 'smaps_rollup');
  return kilobytes(/^Pss:\s*(.*)$/m.exec(rollup ?? '')?.[1] ?? '');
}

/** The program and arguments of a process; empty if the process is ending or has ended. */
export function readCommand(pid: number): string[] {
  return split(readProcFile(pid, 'cmdline') ?? '');
}

/** A program may overwrite its arguments with other text that has no NUL at the end. */
function split(cmdline: string): string[] {
  if (cmdline === '') return [];
  return (cmdline.endsWith('\0') ? cmdline.slice(0, -1) : cmdline).split('\0');
}

/** `1234 kB`; null if the kernel does not tell. */
function kilobytes(text: string): number | null {
  return text === '' ? null : Number.parseInt(text, 10) * 1024;
}

/** Sets `depth`, and orders them so that each is followed by its children; siblings are ordered by pid. */
export function inTreeOrder(processes: readonly CgroupProcess[]): CgroupProcess[] {
  const sorted = [...processes].sort((a, b) => b.pid - a.pid);
  const children = new Map<number, CgroupProcess[]>(sorted.map(({ pid }) => [pid, []]));
  const roots: CgroupProcess[] = [];
  for (const each of sorted) (children.get(each.parentPid ?? 0) ?? roots).push(each);
  const ordered: CgroupProcess[] = [];
  // No recursion: a child that forks a child, and so on, can make a chain as long as there are pids.
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    ordered.push(next);
    for (const child of children.get(next.pid) ?? []) roots.push({ ...child, depth: next.depth + 1 });
  }
  return ordered;
}
