import { statSync } from 'node:fs';
import { Cgroup, cageOf, containerOf, ErrorCode, MemcageError, type Reading, readMany } from '../../../index';
import { readCommand } from '../../proc';
import { passingOver } from '../../refusals';
import { ContainerNames } from './container-names';
import { CpuMeter } from './cpu-meter';
import { Limits } from './limits';
import { inBatches, openSelected, type Selection } from './selection';

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
  oomKills: number;
}

const FIELDS = [
  'usageBytes',
  'limitBytes',
  'workingSetBytes',
  'anonBytes',
  'fileBytes',
  'swapBytes',
  'peakBytes',
  'events',
] as const;

/** What all rows of a sample have in common. */
interface Sample {
  limits: Limits;
  /** Of the topmost cgroups. */
  roots: readonly string[];
}

const containerNames = new ContainerNames();
const cpuMeter = new CpuMeter();

/** Reads them all. What comes, goes, or may not be read meanwhile is left out. */
export function readRows(selection: Selection): Row[] {
  try {
    const roots = rootPaths();
    const sample = { limits: new Limits(roots), roots };
    return Array.from(openSelected(selection), (cgroups) => readBatch(cgroups, sample)).flat();
  } finally {
    containerNames.endSample();
    cpuMeter.endSample();
  }
}

function rootPaths(): string[] {
  return Cgroup.roots().map((root) => {
    root.close();
    return root.path;
  });
}

function readBatch(cgroups: readonly Cgroup[], sample: Sample): Row[] {
  return readMany(cgroups, { fields: FIELDS }).flatMap((reading, index) => {
    // The root of cgroup v2, of which the kernel has no count.
    if (reading instanceof MemcageError && reading.code === ErrorCode.UNSUPPORTED) return [];
    const row = passingOver(() => {
      if (reading instanceof MemcageError) throw reading;
      return rowOf(cgroups[index] as Cgroup, reading, sample);
    });
    return row === undefined ? [] : [row];
  });
}

function rowOf(cgroup: Cgroup, reading: Reading<(typeof FIELDS)[number]>, { limits, roots }: Sample): Row {
  const { events, limitBytes: ownLimitBytes, ...bytes } = reading;
  const limitBytes = limits.of(cgroup, ownLimitBytes);
  const pids = cgroup.procs();
  const pid = pids.find((each) => each !== 0);
  return {
    name: nameOf(cgroup, roots),
    path: cgroup.path,
    ...bytes,
    command: pid === undefined ? [] : readCommand(pid),
    limitBytes,
    percent: (bytes.usageBytes / limitBytes) * 100,
    processes: pids.length,
    cpuPercent: cpuMeter.percentOf(cgroup, pids),
    oomKills: events.oomKill + killsBelow(cgroup),
  };
}

/** v1 counts at the victim's cgroup only. */
function killsBelow(cgroup: Cgroup): number {
  if (cgroup.version === 2 || !hasChildren(cgroup)) return 0;
  let kills = 0;
  for (const batch of inBatches(cgroup.descendants())) {
    for (const reading of readMany(batch, { fields: ['events'] })) {
      if (!(reading instanceof MemcageError)) kills += reading.events.oomKill;
    }
  }
  return kills;
}

/** As in each file system with directories: one link for each, beside its own two. */
function hasChildren({ path }: Cgroup): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.nlink ?? 0) > 2;
}

/** A cage's, a container's, or the path: all of them are what other commands take. */
function nameOf(cgroup: Cgroup, roots: readonly string[]): string {
  const { path } = cgroup;
  const cage = cageOf(path);
  if (cage?.path === path) return cage.label;
  const container = containerOf(path);
  if (container?.path === path) return containerNames.of(cgroup, container);
  const root = roots.find((at) => path === at || path.startsWith(`${at}/`));
  return path.slice(root?.length ?? 0) || '/';
}
