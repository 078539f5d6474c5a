import { basename } from 'node:path';
import { isLocked } from '../cage/locked-directory';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { passingOver } from '../cgroup/directory/walk';
import { type Host, host } from '../cgroup/hierarchy/host';
import { readMemoryFile } from '../cgroup/limits/limit-files';
import { pidInName } from '../cgroup/names/own-names';
import { listPids } from '../cgroup/processes/pids';
import { readCommand } from '../cgroup/processes/processes';
import { LockHolders } from './lock-holders';
import { memoryHierarchies, OwnDirectories, type OwnDirectory } from './own-directories';

interface CageOwner {
  /** As this process sees it; of a dead one the pid that it had. `null`: it lives in a PID namespace that is hidden from here. */
  pid: number | null;
  /** Name and arguments; empty when it is dead or hidden. */
  command: string[];
  /** By the lock that it holds: not by its pid, which may be another's by now. */
  alive: boolean;
}

/** A cage of some memcage on this machine. */
export interface CageEntry {
  path: string;
  /** `owner`: no cage, but the directory of an owner without any. */
  kind: 'cage' | 'detached' | 'owner';
  owner: CageOwner;
  /** `Infinity` without. */
  limitBytes: number;
  usageBytes: number;
  /** In it and below. */
  processes: number;
}

/**
 * Every cage on this machine, as far as its cgroup is mounted here and may be listed: whoever its owner is, and in whatever
 * cgroup it was made.
 */
export function listCages(): CageEntry[] {
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

function entriesOf(own: OwnDirectory, { version }: Host, holders: LockHolders): CageEntry[] {
  if (own.kind === 'leaf') return [];
  const owner = ownerOf(own.directory, holders);
  const cages = cagesIn(own);
  const shown = cages.length > 0 ? cages : [[own.directory, 'owner'] as const];
  return shown.flatMap(
    ([cage, kind]) =>
      passingOver(() => ({
        path: cage.path,
        kind,
        owner,
        limitBytes: readMemoryFile(cage, version, 'max') ?? Number.POSITIVE_INFINITY,
        usageBytes: readMemoryFile(cage, version, 'usage') ?? 0,
        processes: listPids(cage, 'cgroup.procs').length,
      })) ?? [],
  );
}

function ownerOf(directory: CgroupDirectory, holders: LockHolders): CageOwner {
  if (!isLocked(directory)) return { pid: pidInName(basename(directory.path)) ?? null, command: [], alive: false };
  const pid = holders.of(directory.path);
  return { pid: pid ?? null, command: pid === undefined ? [] : readCommand(pid), alive: true };
}
