import { readFileSync } from 'node:fs';
import type { CgroupDirectory } from '../directory/directory';
import { parseFlatKeyed } from '../files/formats';

/** The file that lists a cgroup's members: its processes, or its threads on v1 or v2. */
export type MemberFile = 'cgroup.procs' | 'tasks' | 'cgroup.threads';

/** The ids of the members of a cgroup and those below it, each once. */
export function listPids(directory: CgroupDirectory, file: MemberFile): number[] {
  return [...new Set(membersOf(directory, file))];
}

/** Whether a process is in the cgroup or below it. */
export function isPopulated(directory: CgroupDirectory): boolean {
  const events = directory.readIfPresent('cgroup.events');
  if (events === undefined) return listPids(directory, 'cgroup.procs').length > 0;
  return parseFlatKeyed(events, 'cgroup.events')['populated'] === 1;
}

function membersOf(directory: CgroupDirectory, file: MemberFile): number[] {
  const { ids, threads } = directory.members(file);
  if (threads.length === 0) return ids;
  return [
    ...ids,
    ...threads.flatMap((tid) => {
      const pid = processOf(tid);
      return pid === undefined ? [] : [pid];
    }),
  ];
}

function processOf(tid: number): number | undefined {
  try {
    return Number(/^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${tid}/status`, 'utf8'))?.[1]);
  } catch (error) {
    // The thread has ended, or is in another PID namespace (0).
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
