import { statSync } from 'node:fs';
import { Cgroup, cageOf, containerOf, ErrorCode, MemcageError, type Reading, readMany } from '../../../../index';
import { readCommand } from '../../proc';
import { passingOver } from '../../refusals';
import { ContainerNames } from './container-names';
import { CpuMeter } from './cpu-meter';
import { Limits } from './limits';
import { inBatches, openSelected, type Selection } from './selection';

/** The figures of a cgroup and those below it at one moment. */
export interface Row {
  name: string;
  path: string;
  /** Program and arguments of the first process in it; empty if there is none, or it is hidden. */
  command: string[];
  usageBytes: number;
  /** The smallest limit of the cgroup and those above it, or the machine's memory if that is less. */
  limitBytes: number;
  /** `usageBytes` in percent of `limitBytes`. */
  percent: number;
  /** `null` if the kernel does not record it. */
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

/** What the rows of a sample share. */
interface Sample {
  limits: Limits;
  /** Paths of the topmost cgroups. */
  roots: readonly string[];
}

const containerNames = new ContainerNames();
const cpuMeter = new CpuMeter();

/** Reads the selected cgroups. Leaves out those that are gone, or that this process may not read. */
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
    // The root of v2, whose memory the kernel does not count.
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

/** The OOM kills below a cgroup. v1 counts a kill only in the cgroup of the victim; v2's own count includes them. */
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

/** A directory has one link for each directory in it, besides its own two. */
function hasChildren({ path }: Cgroup): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.nlink ?? 0) > 2;
}

/** The name of a cage or a container, or the path. Other commands take all of them. */
function nameOf(cgroup: Cgroup, roots: readonly string[]): string {
  const { path } = cgroup;
  const cage = cageOf(path);
  if (cage?.path === path) return cage.label;
  const container = containerOf(path);
  if (container?.path === path) return containerNames.of(cgroup, container);
  const root = roots.find((at) => path === at || path.startsWith(`${at}/`));
  return path.slice(root?.length ?? 0) || '/';
}
