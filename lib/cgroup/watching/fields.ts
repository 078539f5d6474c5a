import type { CgroupVersion, Pressure } from '../files/formats';
import type { MemoryRole } from '../files/roles';
import type { Moment } from './moments';

/** How often something has happened. */
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
  /** Its own hard limit; `Infinity` without one. */
  limitBytes: number;
  /** Highest use so far; `null` where the kernel does not record it (v2 before Linux 5.19). */
  peakBytes: number | null;
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
  /** Of {@link Cgroup.watch}: since the sample before; in the first, since watching began. Of `readMany`: since it exists. */
  events: EventCounts;
}

/** See {@link SampleFields}. */
export type SampleField = keyof SampleFields;

/** How a field is had, and from where: the files beside `memory.stat`, and the lines of that. */
interface Field<T> {
  files?: readonly MemoryRole[];
  stat?: readonly string[];
  of(moment: Moment): T;
}

export type Fields = { readonly [F in SampleField]: Field<SampleFields[F]> };

const usageBytes: Field<number> = { files: ['usage'], of: (moment) => moment.value('usage') ?? 0 };

const COMMON = {
  usageBytes,
  // The root of a v2 hierarchy has no memory.max: nothing limits it.
  limitBytes: { files: ['max'], of: (moment) => moment.value('max') ?? Number.POSITIVE_INFINITY },
  peakBytes: { files: ['peak'], of: (moment) => moment.value('peak') ?? null },
} satisfies Partial<Fields>;

const FIELDS_V1: Fields = {
  ...COMMON,
  workingSetBytes: without('total_inactive_file'),
  anonBytes: line('total_rss'),
  fileBytes: line('total_cache'),
  kernelBytes: { files: ['kernelUsage'], of: (moment) => moment.value('kernelUsage') ?? 0 },
  swapBytes: line('total_swap'),
  pressure: { of: () => null },
  events: {
    files: ['failcnt', 'memswFailcnt', 'oomKill'],
    of: (moment) => ({
      // Which of the two is hit when both are the same depends on the kernel.
      max: (moment.value('failcnt') ?? 0) + (moment.value('memswFailcnt') ?? 0),
      oomKill: moment.value('oomKill')?.oomKills ?? 0,
    }),
  },
};

const FIELDS_V2: Fields = {
  ...COMMON,
  workingSetBytes: without('inactive_file'),
  anonBytes: line('anon'),
  fileBytes: line('file'),
  kernelBytes: {
    // Linux 5.18 adds them up, and more.
    stat: ['kernel', 'slab', 'kernel_stack', 'pagetables', 'percpu'],
    of: (moment) =>
      moment.stat('kernel') ||
      moment.stat('slab') + moment.stat('kernel_stack') + moment.stat('pagetables') + moment.stat('percpu'),
  },
  swapBytes: { files: ['swapUsage'], of: (moment) => moment.value('swapUsage') ?? 0 },
  pressure: { files: ['pressure'], of: (moment) => moment.value('pressure') ?? null },
  events: {
    files: ['events'],
    of(moment) {
      const { max = 0, oom_kill: oomKill = 0, oom = 0, high = 0, low = 0 } = moment.value('events') ?? {};
      return { max, oomKill, oom, high, low };
    },
  },
};

const FIELDS: Readonly<Record<CgroupVersion, Fields>> = { 1: FIELDS_V1, 2: FIELDS_V2 };

export const SAMPLE_FIELDS = Object.keys(FIELDS_V2) as readonly SampleField[];

export function fieldsOf(version: CgroupVersion): Fields {
  return FIELDS[version];
}

function line(name: string): Field<number> {
  return { stat: [name], of: (moment) => moment.stat(name) };
}

function without(name: string): Field<number> {
  return {
    files: ['usage'],
    stat: [name],
    of: (moment) => Math.max(0, usageBytes.of(moment) - moment.stat(name)),
  };
}
