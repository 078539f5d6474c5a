import { Cgroup, formatSize } from '../../../index';
import { killAllIn, processes } from '../../kill-all';
import type { Question } from './view';

/** Does what was asked for; resolves with what became of it, in a line. */
export async function act({ action, path, text }: Question): Promise<string> {
  try {
    using cgroup = Cgroup.open(path);
    if (action === 'limit') return limit(cgroup, text);
    return await kill(cgroup);
  } catch (error) {
    return `Not done: ${(error as Error).message}`;
  }
}

function limit(cgroup: Cgroup, text: string): string {
  cgroup.setLimits({ max: text });
  return `The limit of ${cgroup.path} is ${formatSize(cgroup.limits().max)}`;
}

/** As `memcage kill`, whose --cgroup there is no key for. */
async function kill(cgroup: Cgroup): Promise<string> {
  const { path } = cgroup;
  return `Killed ${processes(await killAllIn(cgroup))} in ${path}`;
}
