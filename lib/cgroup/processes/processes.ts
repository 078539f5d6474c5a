import { invalidArgument } from '../../errors/errors';
import { readProcFile } from '../../machine/proc-file';
import { checkOptions } from '../../options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { listPids } from './pids';

/** A process of a cgroup, as /proc has it: proc(5). */
export interface CgroupProcess {
  /** In the caller's PID namespace. */
  pid: number;
  /** In its own PID namespace, the innermost one; the same as `pid` when that is the caller's. */
  ownPid: number;
  /** Its parent's, in the caller's PID namespace; 0 when that is outside of it. */
  parentPid: number;
  /** How many of its forebears, in an unbroken line, are in the cgroup too. */
  depth: number;
  /** The name of its program, cut off after 15 bytes, or what it calls itself. */
  name: string;
  /** Its arguments, from the name of the program on; empty for one that is ending. */
  command: string[];
  /**
   * Resident memory, as RES of top: whole pages that are mapped, those shared with others in full, also what is charged to
   * another cgroup. 0 for one that is ending.
   */
  rssBytes: number;
  /** The same with each shared page divided by the number of those who share it; `null` unless asked for and permitted. */
  pssBytes: number | null;
}

/** Options of {@link Cgroup.processes}. */
export interface ProcessesOptions {
  /** Get `pssBytes` (Linux 4.14): the kernel walks through all of a process's pages. Default: false. */
  pss?: boolean;
}

/** The processes of a cgroup and of those below it, each followed by its children; those that have ended are left out, zombies
 * too. */
export function readProcesses(directory: CgroupDirectory, options: unknown): CgroupProcess[] {
  const { pss } = check(options);
  const found = listPids(directory, 'cgroup.procs').flatMap((pid) => readProcess(pid, pss) ?? []);
  return inTreeOrder(found);
}

function check(options: unknown): { pss: boolean } {
  const { pss = false } = checkOptions(options, { of: 'cgroup.processes', known: ['pss'] });
  if (typeof pss !== 'boolean') throw invalidArgument('pss', 'true or false', pss);
  return { pss };
}

/** Without `depth`, which others decide. Undefined when it has ended, or can't be seen from this PID namespace (0). */
function readProcess(pid: number, pss: boolean): CgroupProcess | undefined {
  const status = pid === 0 ? undefined : readProcFile(pid, 'status');
  if (status === undefined) return undefined;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    pid,
    ownPid: Number(field('NSpid').split('\t').at(-1)) || pid,
    parentPid: Number(field('PPid')),
    depth: 0,
    name: (readProcFile(pid, 'comm') ?? field('Name')).trimEnd(),
    command: readCommand(pid),
    rssBytes: kilobytes(field('VmRSS')),
    pssBytes: pss ? readPss(pid) : null,
  };
}

function readPss(pid: number): number | null {
  const rollup = readProcFile(pid, 'smaps_rollup');
  return rollup === undefined ? null : kilobytes(/^Pss:\s*(.*)$/m.exec(rollup)?.[1] ?? '');
}

/** With its arguments; empty for one that is ending, or has ended. */
export function readCommand(pid: number): string[] {
  return split(readProcFile(pid, 'cmdline') ?? '');
}

/** A program may overwrite its arguments with text of its own, without a NUL at the end. */
function split(cmdline: string): string[] {
  if (cmdline === '') return [];
  return (cmdline.endsWith('\0') ? cmdline.slice(0, -1) : cmdline).split('\0');
}

/** `1234 kB` */
function kilobytes(text: string): number {
  return Number.parseInt(text || '0', 10) * 1024;
}

/** Each followed by its children, with the depth; both in the order of their pids. */
export function inTreeOrder(processes: readonly CgroupProcess[]): CgroupProcess[] {
  const sorted = [...processes].sort((a, b) => b.pid - a.pid);
  const children = new Map<number, CgroupProcess[]>(sorted.map(({ pid }) => [pid, []]));
  const roots: CgroupProcess[] = [];
  for (const each of sorted) (children.get(each.parentPid) ?? roots).push(each);
  const ordered: CgroupProcess[] = [];
  // No recursion: who forks a child that forks a child makes a chain as long as there are pids.
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    ordered.push(next);
    for (const child of children.get(next.pid) ?? []) roots.push({ ...child, depth: next.depth + 1 });
  }
  return ordered;
}
