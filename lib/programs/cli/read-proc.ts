import { readFileSync } from 'node:fs';

/** The fields after the name in `/proc/<pid>/stat`: state, parent, process group ... See proc_pid_stat(5). */
export function readProcStat(pid: number | 'self'): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name itself may contain blanks and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A process's program and arguments; empty if the process is ending, has ended, or is hidden. */
export function readCommand(pid: number): string[] {
  let cmdline: string;
  try {
    cmdline = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return [];
  }
  // A program may have replaced them with text of its own, without a NUL at the end.
  return cmdline === '' ? [] : cmdline.replace(/\0$/, '').split('\0');
}
