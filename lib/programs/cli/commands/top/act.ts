import { Cgroup, formatSize } from '../../../../index';
import { killAllIn, processes } from '../../kill-all';
import type { Question } from './view';

/** Carries out an action. Resolves with a line that says what became of it. */
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

/** Like `memcage kill` without --cgroup, for which there is no key. */
async function kill(cgroup: Cgroup): Promise<string> {
  const { path } = cgroup;
  return `Killed ${processes(await killAllIn(cgroup))} in ${path}`;
}
