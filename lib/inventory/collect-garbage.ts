import { basename } from 'node:path';
import { isLocked } from '../cage/locked-directory';
import { type Swept, sweepOne } from '../cage/sweep';
import { isPassedOver, passingOver } from '../cgroup/directory/walk';
import { host } from '../cgroup/hierarchy/host';
import { type OwnKind, pidInName } from '../cgroup/names/own-names';
import { listPids } from '../cgroup/processes/pids';
import { killHierarchies, memoryHierarchies, OwnDirectories, type OwnDirectory } from './own-directories';

/** What {@link collectGarbage} has done with a directory, or would do. */
export interface Collected {
  path: string;
  kind: OwnKind;
  /** The pid that its owner had; `null` of a leaf, which has none. */
  ownerPid: number | null;
  /** The processes that were in it, which have been killed. */
  pids: number[];
  result: Swept | 'would be removed' | 'refused';
  /** Why it was refused. */
  reason?: string;
}

/**
 * Kills and removes what dead owners have left, and removes what is empty, in every hierarchy. What has a living owner stays,
 * and so do detached children that are still running.
 */
export async function collectGarbage({ dryRun }: { dryRun: boolean }): Promise<Collected[]> {
  const current = host();
  // Kill cgroups first: there processes can be killed all at once.
  using directories = new OwnDirectories([...killHierarchies(current), ...memoryHierarchies(current)]);
  // All are counted before the first is killed, since a kill cgroup and its cgroup have the same.
  const dead = directories.all.flatMap((each) => {
    const pids = deadPids(each);
    return pids === undefined ? [] : [{ ...each, pids }];
  });
  const collected: Collected[] = [];
  for (const each of dead) collected.push(await collect(each, dryRun));
  return collected;
}

/** What would be killed with it; undefined: it is not for us to remove. */
function deadPids({ kind, directory }: OwnDirectory): number[] | undefined {
  return passingOver(() => {
    if (kind !== 'leaf' && isLocked(directory)) return undefined;
    const pids = listPids(directory, 'cgroup.procs');
    return kind === 'owner' || pids.length === 0 ? pids : undefined;
  });
}

async function collect(
  { kind, directory, pids }: OwnDirectory & { pids: number[] },
  dryRun: boolean,
): Promise<Collected> {
  const { path } = directory;
  const common = { path, kind, ownerPid: pidInName(basename(path)) ?? null, pids };
  if (pids.includes(process.pid)) return { ...common, result: 'refused', reason: 'this very command is in it' };
  if (dryRun) return { ...common, result: 'would be removed' };
  try {
    return { ...common, result: await sweepOne(kind, directory) };
  } catch (error) {
    if (!isPassedOver(error)) throw error;
    return { ...common, result: 'refused', reason: (error as Error).message };
  }
}
