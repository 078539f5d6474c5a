import { basename } from 'node:path';
import { isLocked } from '../cage/root/locked-directory';
import { sweepOne } from '../cage/root/sweep';
import { isPassedOver, passingOver } from '../cgroup/directory/walk';
import { host } from '../cgroup/hierarchy/host';
import { pidInName } from '../cgroup/names/own-names';
import { listPids } from '../cgroup/processes/pids';
import { invalidArgument } from '../errors/errors';
import { checkOptions } from '../options/option-names';
import { killHierarchies, memoryHierarchies, OwnDirectories, type OwnDirectory } from './own-directories';

/** Options of {@link collectGarbage}. */
export interface CollectGarbageOptions {
  /** Only tell what would be done. Default: false. */
  dryRun?: boolean;
}

/** What {@link collectGarbage} has done with the cgroup of an owner, or would do. */
export interface CollectedCage {
  /** Absolute path of its directory. */
  path: string;
  /** `owner`: that of a dead owner, with its cages; `detached`: that of a detached child, empty; `leaf`: one beside cages, empty. */
  kind: 'owner' | 'detached' | 'leaf';
  /** The pid that its owner had; `null` of a leaf, which has none. */
  ownerPid: number | null;
  /** The processes that were in it, which have been killed. */
  pids: number[];
  /** `in use`: somebody has taken it meanwhile; `left`: not all of it could be removed. */
  result: 'removed' | 'in use' | 'left' | 'would be removed' | 'refused';
  /** Why it was refused. */
  reason?: string;
}

/**
 * Kills and removes what dead owners have left, and removes what is empty, in every hierarchy. What has a living owner stays,
 * and so do detached children that are still running. What the kernel refuses is told in the result; nothing is thrown for it.
 */
export async function collectGarbage(options: CollectGarbageOptions = {}): Promise<CollectedCage[]> {
  const dryRun = check(options);
  const current = host();
  // Kill cgroups first: there processes can be killed all at once.
  using directories = new OwnDirectories([...killHierarchies(current), ...memoryHierarchies(current)]);
  // All are counted before the first is killed, since a kill cgroup and its cgroup have the same.
  const dead = directories.all.flatMap((each) => {
    const pids = deadPids(each);
    return pids === undefined ? [] : [{ ...each, pids }];
  });
  const collected: CollectedCage[] = [];
  for (const each of dead) collected.push(await collect(each, dryRun));
  return collected;
}

function check(options: unknown): boolean {
  const { dryRun = false } = checkOptions(options, { of: 'collectGarbage', known: ['dryRun'] });
  if (typeof dryRun !== 'boolean') throw invalidArgument('dryRun', 'true or false', dryRun);
  return dryRun;
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
): Promise<CollectedCage> {
  const { path } = directory;
  const common = { path, kind, ownerPid: pidInName(basename(path)) ?? null, pids };
  if (pids.includes(process.pid)) return { ...common, result: 'refused', reason: 'this very process is in it' };
  if (dryRun) return { ...common, result: 'would be removed' };
  try {
    return { ...common, result: await sweepOne(kind, directory) };
  } catch (error) {
    if (!isPassedOver(error)) throw error;
    return { ...common, result: 'refused', reason: (error as Error).message };
  }
}
