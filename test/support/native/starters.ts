import { readdirSync } from 'node:fs';
import { readIfThere } from '../processes/processes';
import { until } from '../until';

/** Pids of the starters of a process, one for each thread that has needed one. */
export function startersOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => (readIfThere(`/proc/${pid}/task/${task}/children`) ?? '').split(' '));
  return children.filter((child) => readIfThere(`/proc/${child}/cmdline`)?.startsWith('memcage-starter\0')).map(Number);
}

/**
 * The starter of a process of which one thread has needed one. The kernel's list of children can leave one out while another
 * ends (Documentation/filesystems/proc.rst, section 3.7), and whoever kills pid 0 instead kills the test's own process group.
 */
export function starterOf(pid: number): Promise<number> {
  return until('there is a starter', () => startersOf(pid)[0]);
}
