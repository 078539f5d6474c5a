import { basename } from 'node:path';
import { isPassedOver, passingOver } from '../../cgroup/directory/walk';
import { host } from '../../cgroup/hierarchy/host';
import { pidInName } from '../../cgroup/names/own-names';
import { listPids } from '../../cgroup/processes/pids';
import { invalidArgument } from '../../common/errors/argument-errors';
import { checkOptions } from '../../common/options/option-names';
import { isLocked } from './locked-directory';
import { memoryHierarchies, OwnDirectories, type OwnDirectory, otherHierarchies } from './own-directories';
import { sweepOne } from './sweep';

/** Options of {@link collectGarbage}. */
export interface CollectGarbageOptions {
  /** true: change nothing, and only return what would be done. Default: false. */
  dryRun?: boolean;
}

/** A directory that {@link collectGarbage} found, and what it did with it or would do. */
export interface CollectedCage {
  /** Absolute path of the directory. */
  path: string;
  /**
   * `owner`: the directory of a dead owner, with its cages. `detached`: the empty cage of a detached child. `leaf`: an
   * empty self cgroup beside cages, to which memcage had moved processes to make room for cages.
   */
  kind: 'owner' | 'detached' | 'leaf';
  /** The pid that its owner had; `null` for a self cgroup, which has no owner. */
  ownerPid: number | null;
  /** The processes that were in it. They were killed, unless `result` says that nothing was done. */
  pids: number[];
  /**
   * `in use`: another process came to use it meanwhile. `left`: not all of it could be removed. `refused`: see
   * `reason`.
   */
  result: 'removed' | 'in use' | 'left' | 'would be removed' | 'refused';
  /** Why it was refused: by the kernel, or because this process is in it. Null with any other result. */
  reason: string | null;
}

/**
 * Remove what dead owners left, in every hierarchy. Kills the processes in their cages, and also removes the empty
 * cages of detached children and empty self cgroups. Leaves alone what has a living owner, and detached children that still
 * run. If the kernel refuses something, the result says so; nothing is thrown.
 *
 * ```js run
 * import { collectGarbage } from 'memcage/machine';
 *
 * console.log(Array.isArray(await collectGarbage({ dryRun: true })));
 * ```
 *
 * ```text output
 * true
 * ```
 */
export async function collectGarbage(options: CollectGarbageOptions = {}): Promise<CollectedCage[]> {
  const dryRun = check(options);
  const current = host();
  // Kill cgroups first: there the kernel can kill all processes at once.
  using directories = new OwnDirectories([...otherHierarchies(current), ...memoryHierarchies(current)]);
  // List the pids in all before killing any, since a kill cgroup and its memory cgroup hold the same processes.
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

/** The pids to kill before the removal; undefined if it must not be removed. */
function deadPids({ kind, directory }: OwnDirectory): number[] | undefined {
  return passingOver(() => {
    if (kind !== 'self' && isLocked(directory)) return undefined;
    const pids = listPids(directory, 'cgroup.procs');
    return kind === 'owner' || pids.length === 0 ? pids : undefined;
  });
}

async function collect(
  { kind, directory, pids }: OwnDirectory & { pids: number[] },
  dryRun: boolean,
): Promise<CollectedCage> {
  const { path } = directory;
  const told = kind === 'self' ? ('leaf' as const) : kind;
  const common = { path, kind: told, ownerPid: pidInName(basename(path)) ?? null, pids };
  if (pids.includes(process.pid)) return { ...common, result: 'refused', reason: 'this very process is in it' };
  if (dryRun) return { ...common, result: 'would be removed', reason: null };
  try {
    return { ...common, result: await sweepOne(kind, directory), reason: null };
  } catch (error) {
    if (!isPassedOver(error)) throw error;
    return { ...common, result: 'refused', reason: (error as Error).message };
  }
}
