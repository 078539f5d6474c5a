import { Cgroup } from '../../../cgroup/cgroup';
import { containerOfPath } from '../../../cgroup/cgroup-name';
import { isInCage } from '../../../cgroup/own-names';
import { formatSize } from '../../../size';
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
  if (!isInCage(path) && containerOfPath(path) === undefined) {
    return `Not done: ${path} is neither a cage nor a container; memcage kill --cgroup kills all in it`;
  }
  const pids = cgroup.procs();
  if (pids.includes(process.pid)) return `Not done: memcage top is in ${path} itself`;
  await cgroup.kill();
  return `Killed ${pids.length === 1 ? '1 process' : `${pids.length} processes`} in ${path}`;
}
