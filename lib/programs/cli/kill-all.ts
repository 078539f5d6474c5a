import { dirname } from 'node:path';
import { Cgroup, cageOf, containerOf } from '../../index';

export interface KillOptions {
  /** Allow cgroups that are neither a cage nor a container. */
  anyCgroup?: boolean;
  dryRun?: boolean;
}

/** Kills all processes in a cgroup, and returns their pids. If that is hardly what was meant, throws and kills none. */
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
  // No process would be left to report the result, and the shell of the user is most likely in there too.
  if (pids.includes(process.pid)) throw new Error(`${path} is the cgroup of this very command, or above it`);
  if (path === rootPath()) throw new Error(`${path} is the root of all cgroups`);
  if (anyCgroup || cageOf(path) !== undefined || isInContainer(path)) return;
  throw new Error(
    `${path} is neither a cage nor a container: to kill the ${processes(pids)} in it, run memcage kill --cgroup '${path}'`,
  );
}

function rootPath(): string | undefined {
  const [root] = Cgroup.roots();
  root?.close();
  return root?.path;
}

/** A virtual machine does not count, but a container around it does. */
function isInContainer(path: string): boolean {
  const found = containerOf(path);
  return found !== undefined && (found.kind !== 'machine' || isInContainer(dirname(found.path)));
}

export function processes({ length }: readonly number[]): string {
  return length === 1 ? '1 process' : `${length} processes`;
}
