import type { Cgroup } from '../cgroup/handle/cgroup';
import { host } from '../cgroup/hierarchy/host';
import { containerOfPath } from '../cgroup/names/cgroup-name';
import { isInCage } from '../cgroup/names/own-names';

export interface KillOptions {
  /** Also what is neither a cage nor a container. */
  anyCgroup?: boolean;
  dryRun?: boolean;
}

/** Kills all processes in a cgroup; returns their pids. Throws, before the first, where that is most likely not what was meant. */
export async function killAllIn(
  cgroup: Cgroup,
  { anyCgroup = false, dryRun = false }: KillOptions = {},
): Promise<number[]> {
  const pids = cgroup.procs();
  refuse(cgroup, pids, anyCgroup);
  if (!dryRun) await cgroup.kill();
  return pids;
}

function refuse({ path }: Cgroup, pids: readonly number[], anyCgroup: boolean): void {
  // Nobody would be left to say what became of it; and the shell that asked is most likely there too.
  if (pids.includes(process.pid)) throw new Error(`${path} is the cgroup of this very command, or above it`);
  if (path === host().memory.mountPoint) throw new Error(`${path} is the root of all cgroups`);
  if (anyCgroup || isInCage(path) || containerOfPath(path) !== undefined) return;
  throw new Error(
    `${path} is neither a cage nor a container: to kill the ${processes(pids)} in it, run memcage kill --cgroup '${path}'`,
  );
}

/** How many, in words. */
export function processes({ length }: readonly number[]): string {
  return length === 1 ? '1 process' : `${length} processes`;
}
