import { dirname } from 'node:path';
import { Cgroup, type CgroupContainer, containerOf, type Reading, readMany } from '../../../../cgroup';
import { isLeaf } from '../../../../cgroup/names/own-names';
import { MemcageError } from '../../../../index';
import { cageOf, type ListedCage } from '../../../../machine';
import { passingOver } from '../../cgroup-gone';
import { readCommand } from '../../read-proc';
import { rootPaths } from '../../target';
import { type CpuTime, cpuPercent, readCpuTime } from './cpu-time';
import { hasCgroups, inBatches, openSelected, type Selection } from './selection';

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
  swapBytes: number | null;
  processes: number;
  /** Processor time since the last sample, in percent of one processor; `null` in the first. */
  cpuPercent: number | null;
  oomKills: number;
  /** Of the process with this command. */
  pid: number | undefined;
  /** What the inventory of the machine says of it, if it is a cage. */
  cage: ListedCage | undefined;
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

/** The selected cgroups at one moment. */
export interface Sample {
  rows: readonly Row[];
  /** All that the machine has, and owners without cages. */
  cages: readonly ListedCage[];
}

/** What is kept of a cgroup until the next sample. */
interface Kept {
  cpu: CpuTime;
  container?: ContainerName;
}

/** Reads the selected cgroups, sample by sample. */
export class Reader {
  /** By path, of the sample before; whatever was not in it is forgotten. */
  #before: ReadonlyMap<string, Kept> = new Map();

  constructor(private readonly selection: Selection) {}

  /** Leaves out cgroups that are gone, or that this process may not read. */
  read(): Sample {
    const { selection } = this;
    const { cages, batches } = openSelected(selection);
    const reader = new RowReader(this.#before, new Map(cages.map((cage) => [cage.path, cage])));
    const rows = Array.from(batches, (cgroups) => reader.rowsOf(cgroups)).flat();
    this.#before = reader.kept;
    const isNamed = (path: string): boolean => typeof selection !== 'string' && selection.includes(path);
    // The cgroup of a child is empty before it starts, and for a moment after it has ended.
    return { cages, rows: rows.filter(({ path, processes }) => processes > 0 || !isLeaf(path) || isNamed(path)) };
  }
}

class RowReader {
  readonly kept = new Map<string, Kept>();
  /** Paths of the topmost cgroups; none above these can be opened. */
  readonly #roots = rootPaths();
  /** The effective limits of cgroups that have several of the others below them. */
  readonly #limits = new Map<string, number | undefined>();

  constructor(
    private readonly before: ReadonlyMap<string, Kept>,
    private readonly cages: ReadonlyMap<string, ListedCage>,
  ) {}

  rowsOf(cgroups: readonly Cgroup[]): Row[] {
    return readMany(cgroups, { fields: FIELDS }).flatMap((reading, index) => {
      // The root of v2, whose memory the kernel does not count.
      if (reading instanceof MemcageError && reading.code === 'ERR_MEMCAGE_UNSUPPORTED') return [];
      const row = passingOver(() => {
        if (reading instanceof MemcageError) throw reading;
        return this.#rowOf(cgroups[index] as Cgroup, reading);
      });
      return row === undefined ? [] : [row];
    });
  }

  #rowOf(cgroup: Cgroup, reading: Reading<(typeof FIELDS)[number]>): Row {
    const { path } = cgroup;
    const { events, limitBytes: ownLimitBytes, ...bytes } = reading;
    const limitBytes = this.#limitOf(cgroup, ownLimitBytes);
    const pids = cgroup.pids();
    const pid = pids.find((each) => each !== 0);
    const before = this.before.get(path);
    const kept: Kept = { cpu: readCpuTime(cgroup, pids) };
    this.kept.set(path, kept);
    return {
      name: this.#nameOf(cgroup, kept, pid),
      path,
      ...bytes,
      pid,
      command: pid === undefined ? [] : readCommand(pid),
      limitBytes,
      percent: (bytes.usageBytes / limitBytes) * 100,
      processes: pids.length,
      cpuPercent: before === undefined ? null : cpuPercent(before.cpu, kept.cpu),
      oomKills: events.oomKill + killsBelow(cgroup),
      cage: this.cages.get(path),
    };
  }

  /** The smallest limit of the cgroup and those above it, or the machine's memory if that is less. In bytes. */
  #limitOf(cgroup: Cgroup, ownBytes: number): number {
    const above = this.#roots.includes(cgroup.path) ? undefined : this.#limitAt(dirname(cgroup.path));
    return above === undefined ? cgroup.effectiveLimits().maxBytes : Math.min(ownBytes, above);
  }

  #limitAt(path: string): number | undefined {
    if (!this.#limits.has(path)) {
      const limit = passingOver(() => {
        using cgroup = Cgroup.open(path);
        return cgroup.effectiveLimits().maxBytes;
      });
      this.#limits.set(path, limit);
    }
    return this.#limits.get(path);
  }

  /** The name of a cage or a container, the pid of a child in a cage, or the path. Other commands take all of them. */
  #nameOf(cgroup: Cgroup, kept: Kept, pid: number | undefined): string {
    const { path } = cgroup;
    const cage = cageOf(path);
    if (cage?.path === path) return cage.label;
    if (pid !== undefined && isLeaf(path)) return String(pid);
    const container = containerOf(path);
    if (container?.path === path) {
      kept.container = containerName(cgroup, this.before.get(path)?.container);
      return labelOf(container, kept.container);
    }
    const root = this.#roots.find((at) => path === at || path.startsWith(`${at}/`));
    return path.slice(root?.length ?? 0) || '/';
  }
}

/** The name of a container, and when it was looked up, for which memcage reads some files of /proc. */
interface ContainerName {
  name: string | null;
  atMs: number;
}

/** When to ask again for an unknown name: a container that is just starting has one a moment later. */
const RETRY_MS = 10_000;

export function containerName(
  cgroup: Pick<Cgroup, 'containerName'>,
  before: ContainerName | undefined,
  nowMs = performance.now(),
): ContainerName {
  const isKnown = before !== undefined && (before.name !== null || nowMs - before.atMs < RETRY_MS);
  return isKnown ? before : { name: cgroup.containerName(), atMs: nowMs };
}

/** The engine and the name; the short id if the name is unknown. */
function labelOf({ kind, shortId }: CgroupContainer, { name }: ContainerName): string {
  return `${kind}:${name ?? shortId}`;
}

/** The OOM kills below a cgroup. v1 counts a kill only in the cgroup of the victim; v2's own count includes them. */
function killsBelow(cgroup: Cgroup): number {
  if (cgroup.version === 2 || !hasCgroups(cgroup.path)) return 0;
  let kills = 0;
  for (const batch of inBatches(cgroup.descendants())) {
    for (const reading of readMany(batch, { fields: ['events'] })) {
      if (!(reading instanceof MemcageError)) kills += reading.events.oomKill;
    }
  }
  return kills;
}
