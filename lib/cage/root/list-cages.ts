import { basename, dirname } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { passingOver } from '../../cgroup/directory/walk';
import { type CgroupVersion, parseNames } from '../../cgroup/files/formats';
import { type Host, host } from '../../cgroup/hierarchy/host';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import { isBudget, kindOf, pidInName } from '../../cgroup/names/own-names';
import { listPids } from '../../cgroup/processes/pids';
import { readCommand } from '../../cgroup/processes/processes';
import { keptInJson } from '../../common/text/json';
import { cageOf } from './cage-of';
import { isLocked } from './locked-directory';
import { LockHolders, memoryHierarchies, OwnDirectories, type OwnDirectory } from './own-directories';

/** The process that made a cage. */
export interface CageOwner {
  /**
   * The owner's pid in this process's PID namespace; once the owner is dead, the pid that it had in its own. `null` if it
   * lives in a PID namespace that is hidden from this process.
   */
  pid: number | null;
  /** The owner's program and arguments; empty if the owner is dead or hidden. */
  command: string[];
  /** Whether it lives. Its lock tells, not its pid, which may be another process's by now. */
  alive: boolean;
}

/** A cage on this machine. */
export interface ListedCage {
  /** Absolute path of its cgroup. */
  path: string;
  /**
   * `budget`: the cage of a budget. `detached`: that of a detached child, which outlives its owner. `owner`: not a cage, but
   * the directory of an owner that has no cages.
   */
  kind: 'cage' | 'budget' | 'detached' | 'owner';
  /** Path of the cage around it, whoever made that; `null` for an outermost one. */
  parent: string | null;
  /** The process that made it. */
  owner: CageOwner;
  /** The cage's own hard limit of memory, in bytes; `Infinity` if there is none. */
  limitBytes: number;
  /** All memory that is charged to it, page cache included, in bytes; `null` if memory is not accounted there. */
  usageBytes: number | null;
  /** Number of processes in it and below it. */
  processes: number;
  /** Whether its owner keeps it ready for the next child. No process is in it yet. */
  spare: boolean;
}

/**
 * List the cages on this machine, whoever their owners are, in whatever cgroups they were made. Walks through all
 * cgroups that are mounted here and that this process may list. `Cgroup.open()` takes the paths.
 *
 * ```js run
 * import { createCage } from 'memcage';
 * import { listCages } from 'memcage/machine';
 *
 * const cage = createCage({ memory: '50M' });
 * console.log(listCages().some(({ path }) => path === cage.cgroup.path));
 * await cage.close();
 * ```
 *
 * ```text output
 * true
 * ```
 */
export function listCages(): ListedCage[] {
  const current = host();
  const holders = new LockHolders();
  using directories = new OwnDirectories(memoryHierarchies(current));
  return directories.all.flatMap((own) => entriesOf(own, current, holders));
}

/** The cages in a directory of memcage, each with its kind, and before those within it. */
export function cagesIn({
  kind,
  directory,
}: OwnDirectory): [cage: CgroupDirectory, kind: Exclude<ListedCage['kind'], 'owner'>][] {
  if (kind === 'self') return [];
  if (kind === 'detached') return [[directory, kind]];
  return cagesBelow(directory).map((cage) => [cage, isBudget(cage.path) ? 'budget' : 'cage']);
}

function cagesBelow(directory: CgroupDirectory): CgroupDirectory[] {
  const names = passingOver(() => directory.children()) ?? [];
  return names
    .map((name) => directory.below(name))
    .filter(({ path }) => kindOf(path) === 'cage')
    .sort((a, b) => numberOf(a) - numberOf(b))
    .flatMap((cage) => [cage, ...cagesBelow(cage)]);
}

function numberOf({ path }: CgroupDirectory): number {
  return Number(/\d+$/.exec(path)?.[0]);
}

function entriesOf(own: OwnDirectory, { version }: Host, holders: LockHolders): ListedCage[] {
  if (own.kind === 'self') return [];
  const owner = ownerOf(own.directory, holders);
  const cages = cagesIn(own);
  const shown = cages.length > 0 ? cages : [[own.directory, 'owner'] as const];
  return shown.flatMap(
    ([cage, kind]) =>
      passingOver(() => {
        const processes = listPids(cage, 'cgroup.procs').length;
        return keptInJson({
          path: cage.path,
          kind,
          parent: cageOf(dirname(cage.path))?.path ?? null,
          owner,
          limitBytes: readMemoryFile(cage, version, 'max') ?? Number.POSITIVE_INFINITY,
          usageBytes: readMemoryFile(cage, version, 'usage') ?? null,
          processes,
          spare: kind !== 'owner' && processes === 0 && !isForMany(cage, version),
        });
      }) ?? [],
  );
}

/**
 * Whether a cage is shared: prepared for leaves. A cage for one child never is. It goes with its child, so it is empty
 * only before the child starts. On v1, a cage loses its stamp when it is prepared.
 */
function isForMany(cage: CgroupDirectory, version: CgroupVersion): boolean {
  return version === 2 ? parseNames(cage.read('cgroup.subtree_control')).includes('memory') : !cage.isStamped();
}

function ownerOf(directory: CgroupDirectory, holders: LockHolders): CageOwner {
  if (!isLocked(directory)) return { pid: pidInName(basename(directory.path)) ?? null, command: [], alive: false };
  const pid = holders.of(directory.path);
  return { pid: pid ?? null, command: pid === undefined ? [] : readCommand(pid), alive: true };
}
