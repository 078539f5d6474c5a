import { readFileSync } from 'node:fs';

/** The fields after the name in `/proc/<pid>/stat`: state, parent, process group ... See proc_pid_stat(5). */
export function readProcStat(pid: number | 'self'): string[] {
  // By Node's own reader of UTF-8: the others keep the fd where fstat(2) fails.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may itself contain blanks and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
