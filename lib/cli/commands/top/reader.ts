import { basename, dirname } from 'node:path';
import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { cgroupError } from '../../../cgroup/directory/refusal';
import { cgroupsBelow, passingOver } from '../../../cgroup/directory/walk';
import { parsePids } from '../../../cgroup/files/formats';
import { Cgroup } from '../../../cgroup/handle/cgroup';
import { host, openDirectory } from '../../../cgroup/hierarchy/host';
import { mountPointOf } from '../../../cgroup/hierarchy/resolve-path';
import { readMemoryFile } from '../../../cgroup/limits/limit-files';
import { parseCgroupName } from '../../../cgroup/names/cgroup-name';
import { ownKind } from '../../../cgroup/names/own-names';
import { listPids } from '../../../cgroup/processes/pids';
import { readCommand } from '../../../cgroup/processes/processes';
import { Sampler } from '../../../cgroup/watching/sample';
import { cageLabel } from '../../../inventory/label';
import { cagesIn } from '../../../inventory/list-cages';
import { memoryHierarchies, OwnDirectories } from '../../../inventory/own-directories';
import { isSpare } from '../../../inventory/spare';
import { ContainerNames } from './container-names';
import { CpuMeter } from './cpu-meter';

/** One cgroup, with those below it, at one moment. */
export interface Row {
  name: string;
  path: string;
  /** Of the first process in it: its program and arguments; empty when there is none, or it is hidden. */
  command: string[];
  usageBytes: number;
  /** The smallest limit of it and those above, or the machine's memory. */
  limitBytes: number;
  /** `usageBytes` of `limitBytes`. */
  percent: number;
  /** `null` where the kernel does not record it. */
  peakBytes: number | null;
  /** What `docker stats` calls usage. */
  workingSetBytes: number;
  anonBytes: number;
  fileBytes: number;
  swapBytes: number;
  processes: number;
  /** Processor time since the last sample, in percent of one processor; `null` in the first. */
  cpuPercent: number | null;
  /** `null` where the kernel does not count them. */
  oomKills: number | null;
}

/** Which cgroups: those of cages, all that have processes, or these. */
export type Selection = 'cages' | 'all' | readonly string[];

const FIELDS = ['usageBytes', 'workingSetBytes', 'anonBytes', 'fileBytes', 'swapBytes'] as const;

const containerNames = new ContainerNames();
const cpuMeter = new CpuMeter(host);

/** Reads them all. What comes, goes, or may not be read meanwhile is left out. */
export function readRows(selection: Selection): Row[] {
  try {
    return readSelected(selection);
  } finally {
    containerNames.endSample();
    cpuMeter.endSample();
  }
}

function readSelected(selection: Selection): Row[] {
  if (selection === 'cages') {
    using own = new OwnDirectories(memoryHierarchies(host()));
    return own.all.flatMap((each) =>
      cagesIn(each).flatMap(([cage, kind]) =>
        isSpare(cage, host().version) ? [] : read(cage, cageLabel(cage.path, kind)),
      ),
    );
  }
  if (selection === 'all') return memoryHierarchies(host()).flatMap(([{ mountPoint }]) => readAll(mountPoint));
  return selection.flatMap(readOne);
}

function readAll(mountPoint: string): Row[] {
  return withDirectory(mountPoint, (top) => {
    const rows: Row[] = [];
    const consider = (directory: CgroupDirectory): void => {
      const members = passingOver(() => parsePids(directory.read('cgroup.procs'), 'cgroup.procs'));
      if (members !== undefined && members.length > 0) rows.push(...read(directory, nameOf(directory)));
    };
    consider(top);
    for (const { directory } of cgroupsBelow(top)) consider(directory);
    return rows;
  });
}

function readOne(path: string): Row[] {
  return passingOver(() => withDirectory(path, (directory) => read(directory, nameOf(directory)))) ?? [];
}

function withDirectory<T>(path: string, use: (directory: CgroupDirectory) => T): T {
  const directory = openAnchored(path);
  try {
    return use(directory);
  } finally {
    directory.close();
  }
}

function openAnchored(path: string): CgroupDirectory {
  try {
    return openDirectory(path);
  } catch (error) {
    throw cgroupError(error, 'open', path);
  }
}

/** Nothing for one that is gone, and for the root of cgroup v2, of which the kernel has no count. */
function read(directory: CgroupDirectory, name: string): Row[] {
  const { version } = host();
  const row = passingOver((): Row | undefined => {
    if (readMemoryFile(directory, version, 'usage') === undefined) return undefined;
    using cgroup = new Cgroup(directory, version);
    const sample = new Sampler(directory, version, FIELDS).read();
    const { maxBytes } = cgroup.effectiveLimits();
    const pids = listPids(directory, 'cgroup.procs');
    const pid = pids.find((each) => each !== 0);
    return {
      name,
      path: directory.path,
      ...sample,
      command: pid === undefined ? [] : readCommand(pid),
      limitBytes: maxBytes,
      percent: (sample.usageBytes / maxBytes) * 100,
      peakBytes: cgroup.peak(),
      processes: pids.length,
      cpuPercent: cpuMeter.percentOf(directory, pids),
      oomKills: oomKillsOf(directory),
    };
  });
  return row === undefined ? [] : [row];
}

function oomKillsOf(directory: CgroupDirectory): number | null {
  const { version } = host();
  if (version === 2) return readMemoryFile(directory, version, 'events')?.['oom_kill'] ?? null;
  const own = readMemoryFile(directory, version, 'oomKill')?.oomKills;
  if (own === undefined) return null;
  // v1 counts at the victim's cgroup only.
  let sum = own;
  for (const { directory: below } of cgroupsBelow(directory)) {
    sum += passingOver(() => readMemoryFile(below, version, 'oomKill')?.oomKills) ?? 0;
  }
  return sum;
}

/** A cage's, a container's, or the path: all of them are what other commands take. */
function nameOf(directory: CgroupDirectory): string {
  const { path } = directory;
  if (ownKind(basename(path)) === 'detached') return cageLabel(path, 'detached');
  if (ownKind(basename(dirname(path))) === 'owner') return cageLabel(path, 'cage');
  const known = parseCgroupName(path);
  if (known !== undefined) return containerNames.of(directory, known);
  return path.slice(mountPointOf(path, host())?.length ?? 0) || '/';
}
