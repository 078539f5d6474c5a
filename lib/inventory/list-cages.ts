import { basename } from 'node:path';
import { isLocked } from '../cage/root/locked-directory';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { passingOver } from '../cgroup/directory/walk';
import { type CgroupVersion, parseNames } from '../cgroup/files/formats';
import { type Host, host } from '../cgroup/hierarchy/host';
import { readMemoryFile } from '../cgroup/limits/limit-files';
import { pidInName } from '../cgroup/names/own-names';
import { listPids } from '../cgroup/processes/pids';
import { readCommand } from '../cgroup/processes/processes';
import { LockHolders } from './lock-holders';
import { memoryHierarchies, OwnDirectories, type OwnDirectory } from './own-directories';

/** Who has made a cage. */
export interface CageOwner {
  /** As this process sees it; of a dead one the pid that it had. `null`: it lives in a PID namespace that is hidden from here. */
  pid: number | null;
  /** Name and arguments; empty when it is dead or hidden. */
  command: string[];
  /** Whether it lives, by the lock that it holds: not by its pid, which may be another's by now. */
  alive: boolean;
}

/** A cage of some memcage on this machine. */
export interface ListedCage {
  /** Absolute path of its cgroup. */
  path: string;
  /** `detached`: that of a detached child, which outlives its owner. `owner`: no cage, but the directory of an owner without any. */
  kind: 'cage' | 'detached' | 'owner';
  /** Whose it is. */
  owner: CageOwner;
  /** Its own hard limit, in bytes; `Infinity` without. */
  limitBytes: number;
  /** All that is charged to it, page cache included, in bytes. */
  usageBytes: number;
  /** How many are in it and below. */
  processes: number;
  /** Whether it is one that its owner keeps ready for the next child: nobody is in it yet. */
  spare: boolean;
}

/**
 * Every cage on this machine, as far as its cgroup is mounted here and may be listed: whoever its owner is, and in whatever
 * cgroup it was made. All cgroups are walked through. {@link Cgroup.open} takes the paths.
 */
export function listCages(): ListedCage[] {
  const current = host();
  const holders = new LockHolders();
  using directories = new OwnDirectories(memoryHierarchies(current));
  return directories.all.flatMap((own) => entriesOf(own, current, holders));
}

/** The cages in a directory of ours: each with what it is. */
export function cagesIn({ kind, directory }: OwnDirectory): [cage: CgroupDirectory, kind: 'cage' | 'detached'][] {
  if (kind === 'leaf') return [];
  if (kind === 'detached') return [[directory, kind]];
  const names = passingOver(() => directory.children()) ?? [];
  return names.sort((a, b) => Number(a) - Number(b)).map((name) => [directory.below(name), 'cage']);
}

function entriesOf(own: OwnDirectory, { version }: Host, holders: LockHolders): ListedCage[] {
  if (own.kind === 'leaf') return [];
  const owner = ownerOf(own.directory, holders);
  const cages = cagesIn(own);
  const shown = cages.length > 0 ? cages : [[own.directory, 'owner'] as const];
  return shown.flatMap(
    ([cage, kind]) =>
      passingOver(() => {
        const processes = listPids(cage, 'cgroup.procs').length;
        return {
          path: cage.path,
          kind,
          owner,
          limitBytes: readMemoryFile(cage, version, 'max') ?? Number.POSITIVE_INFINITY,
          usageBytes: readMemoryFile(cage, version, 'usage') ?? 0,
          processes,
          spare: kind !== 'owner' && processes === 0 && !isForMany(cage, version),
        };
      }) ?? [],
  );
}

/**
 * Whether it is prepared for the cgroups of its children, which a cage of one child is not: that goes with its child, and is empty
 * only before. v1: it has lost its stamp when it was made.
 */
function isForMany(cage: CgroupDirectory, version: CgroupVersion): boolean {
  return version === 2 ? parseNames(cage.read('cgroup.subtree_control')).includes('memory') : !cage.isStamped();
}

function ownerOf(directory: CgroupDirectory, holders: LockHolders): CageOwner {
  if (!isLocked(directory)) return { pid: pidInName(basename(directory.path)) ?? null, command: [], alive: false };
  const pid = holders.of(directory.path);
  return { pid: pid ?? null, command: pid === undefined ? [] : readCommand(pid), alive: true };
}
