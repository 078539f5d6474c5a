import childProcess from 'node:child_process';
import { promisify } from 'node:util';
import type { Cage } from 'memcage';
import { version } from './cgroups/cgroup-tree';

// Saved at load time, as it is when a test starts.
const execFile = promisify(childProcess.execFile);

/** The memory cgroup of a child that Node starts, relative to the cage root: `1/2`; '' outside of every cage. */
export async function whereStarted(): Promise<string> {
  return placeIn((await execFile('cat', ['/proc/self/cgroup'])).stdout);
}

export function placeIn(selfCgroup: string): string {
  const line = selfCgroup
    .split('\n')
    .find((each) => (version === 1 ? each.split(':')[1]?.split(',').includes('memory') : each.startsWith('0::')));
  return /\/memcage-[^/]*\/(.*)$/.exec(line ?? '')?.[1] ?? '';
}

/** The memory cgroup of a cage, in the same form. */
export function placeOf(cage: Cage): string {
  return /\/memcage-[^/]*\/(.*)$/.exec(cage.cgroup.path)?.[1] ?? '';
}
