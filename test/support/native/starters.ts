import { readdirSync } from 'node:fs';
import { readIfThere } from '../processes/processes';

/** Pids of the starters of a process, one for each thread that has needed one. */
export function startersOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => (readIfThere(`/proc/${pid}/task/${task}/children`) ?? '').split(' '));
  return children.filter((child) => readIfThere(`/proc/${child}/cmdline`)?.startsWith('memcage-starter\0')).map(Number);
}
