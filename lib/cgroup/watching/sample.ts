import type { CgroupDirectory } from '../directory';
import { type MemoryRole, type MemoryRoleValue, memoryFile } from '../files/roles';
import type { CgroupVersion, FlatKeyed, Pressure } from '../formats';
import { readMemoryFile } from '../limit-files';
import { missingFile } from '../missing-file';

/** How often something has happened since the sample before. */
export interface EventCounts {
  /** The limit was hit. v1: not counted by newer kernels where memory and swap together have the same limit. */
  max: number;
  /** Processes were killed for memory. v1: of this very cgroup, not of those below. */
  oomKill: number;
  /** An allocation was about to fail at the limit (v2). */
  oom?: number;
  /** Throttled and reclaimed from, above `high` (v2). */
  high?: number;
  /** Reclaimed from below `low` (v2). */
  low?: number;
}

/** A cgroup, and those below it, at one moment: docs/memory.md tells what each means. */
export interface SampleFields {
  /** All that is charged, page cache included: `memory.current` (v2), `memory.usage_in_bytes` (v1). */
  usageBytes: number;
  /** Without the page cache that can be dropped first, `inactive_file` (v2) or `total_inactive_file` (v1); at least 0. */
  workingSetBytes: number;
  /** Memory of programs that belongs to no file, heaps and stacks: `anon` (v2), `total_rss` (v1). */
  anonBytes: number;
  /** Page cache, tmpfs and shared memory: `file` (v2), `total_cache` (v1). */
  fileBytes: number;
  /** What the kernel needs for it, slab, stacks, page tables ...: `kernel` (v2), `memory.kmem.usage_in_bytes` (v1). */
  kernelBytes: number;
  /** `memory.swap.current` (v2), `total_swap` (v1); 0 where swap is not accounted. */
  swapBytes: number;
  /** `null` on v1, and without CONFIG_PSI. */
  pressure: Pressure | null;
  /** Since the sample before; in the first, since watching began. */
  events: EventCounts;
}

/** See {@link SampleFields}. */
export type SampleField = keyof SampleFields;

/** Each cgroup with a memory controller has them, but for the root of v2: without them there is no telling, and 0 is no answer. */
const INDISPENSABLE: ReadonlySet<MemoryRole> = new Set(['usage', 'stat', 'events']);

/** The interface files of a cgroup at one moment: each is read once, when something needs it. */
class Moment {
  readonly #read = new Map<MemoryRole, unknown>();

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly version: CgroupVersion,
  ) {}

  /** Undefined where this kernel has no such file. */
  value<R extends MemoryRole>(role: R): MemoryRoleValue<R> | undefined {
    if (!this.#read.has(role)) {
      const value = readMemoryFile(this.directory, this.version, role);
      if (value === undefined && INDISPENSABLE.has(role)) {
        throw missingFile(this.directory, memoryFile(role, this.version), { option: 'watch()' });
      }
      this.#read.set(role, value);
    }
    return this.#read.get(role) as MemoryRoleValue<R> | undefined;
  }

  /** A line of `memory.stat`; 0 where this kernel has none. */
  stat(name: string): number {
    return (this.value('stat') as FlatKeyed | undefined)?.[name] ?? 0;
  }
}

type Fields = { readonly [F in SampleField]: (moment: Moment) => SampleFields[F] };

const FIELDS_V1: Fields = {
  usageBytes: (moment) => moment.value('usage') ?? 0,
  workingSetBytes: (moment) => Math.max(0, (moment.value('usage') ?? 0) - moment.stat('total_inactive_file')),
  anonBytes: (moment) => moment.stat('total_rss'),
  fileBytes: (moment) => moment.stat('total_cache'),
  kernelBytes: (moment) => moment.value('kernelUsage') ?? 0,
  swapBytes: (moment) => moment.stat('total_swap'),
  pressure: () => null,
  events: (moment) => ({
    // Which of the two is hit when both are the same depends on the kernel.
    max: (moment.value('failcnt') ?? 0) + (moment.value('memswFailcnt') ?? 0),
    oomKill: moment.value('oomKill')?.oomKills ?? 0,
  }),
};

const FIELDS_V2: Fields = {
  usageBytes: (moment) => moment.value('usage') ?? 0,
  workingSetBytes: (moment) => Math.max(0, (moment.value('usage') ?? 0) - moment.stat('inactive_file')),
  anonBytes: (moment) => moment.stat('anon'),
  fileBytes: (moment) => moment.stat('file'),
  // Linux 5.18 adds them up, and more.
  kernelBytes: (moment) =>
    moment.stat('kernel') ||
    moment.stat('slab') + moment.stat('kernel_stack') + moment.stat('pagetables') + moment.stat('percpu'),
  swapBytes: (moment) => moment.value('swapUsage') ?? 0,
  pressure: (moment) => moment.value('pressure') ?? null,
  events(moment) {
    const { max = 0, oom_kill: oomKill = 0, oom = 0, high = 0, low = 0 } = moment.value('events') ?? {};
    return { max, oomKill, oom, high, low };
  },
};

export const SAMPLE_FIELDS = Object.keys(FIELDS_V2) as readonly SampleField[];

/** Reads these fields of a cgroup again and again. Remembers the counts of events. */
export class Sampler<F extends SampleField> {
  readonly #fields: Fields;
  #counts: EventCounts | undefined;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly version: CgroupVersion,
    private readonly names: readonly F[],
  ) {
    this.#fields = version === 1 ? FIELDS_V1 : FIELDS_V2;
    if ((names as readonly SampleField[]).includes('events')) this.#counts = this.#fields.events(this.#moment());
  }

  read(): Pick<SampleFields, F> {
    const moment = this.#moment();
    const values: Partial<SampleFields> = Object.fromEntries(
      this.names.map((name) => [name, this.#fields[name](moment)]),
    );
    if (this.#counts !== undefined) {
      const counts = this.#fields.events(moment);
      values.events = since(this.#counts, counts);
      this.#counts = counts;
    }
    return values as Pick<SampleFields, F>;
  }

  #moment(): Moment {
    return new Moment(this.directory, this.version);
  }
}

/** v1's counts start anew when someone writes to them. */
function since(before: EventCounts, now: EventCounts): EventCounts {
  const entries = Object.entries(now) as [keyof EventCounts, number][];
  return Object.fromEntries(
    entries.map(([name, count]) => [name, count >= (before[name] ?? 0) ? count - (before[name] ?? 0) : count]),
  ) as unknown as EventCounts;
}
