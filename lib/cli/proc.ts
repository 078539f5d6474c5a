import { readFileSync } from 'node:fs';

/** What follows the name in `/proc/<pid>/stat`: state, parent, process group ... See proc_pid_stat(5). */
export function readProcStat(pid: number | 'self'): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name may have blanks and parentheses itself.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A program with its arguments; empty for one that is ending, has ended, or is hidden. */
export function readCommand(pid: number): string[] {
  let cmdline: string;
  try {
    cmdline = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return [];
  }
  // A program may have put text of its own in their place, without a NUL at the end.
  return cmdline === '' ? [] : cmdline.replace(/\0$/, '').split('\0');
}
