import { invalidArgument } from '../../common/errors/argument-errors';
import { MemcageError } from '../../common/errors/errors';
import { keptInJson } from '../../common/text/json';
import { isGone } from '../directory/refusal';
import type { CgroupVersion, Pressure } from '../files/formats';
import type { MemoryRole } from '../files/roles';
import { type Moment, MomentReader, type Source } from './moment-reader';

/** How often something has happened. */
export interface EventCounts {
  /** The limit was hit. v1: newer kernels do not count this if memory and swap together have the same limit. */
  max: number;
  /** Processes were killed for memory. v1: in this cgroup itself, not in those below. */
  oomKill: number;
  /** An allocation was about to fail at the limit; `null` on v1. */
  oom: number | null;
  /** The kernel throttled the cgroup above `high` and reclaimed from it; `null` on v1. */
  high: number | null;
  /** The kernel reclaimed from the cgroup below `low`; `null` on v1. */
  low: number | null;
}

/** Memory of a cgroup and those below it at one moment. docs/reference/memory.md explains each figure. */
export interface SampleFields {
  /** All memory that is charged, including page cache: `memory.current` (v2), `memory.usage_in_bytes` (v1). */
  usageBytes: number;
  /** The cgroup's own hard limit; `Infinity` without one. */
  limitBytes: number;
  /** Highest use so far; `null` if the kernel does not record it (v2 before Linux 5.19). */
  peakBytes: number | null;
  /** Use without the page cache that goes first, `inactive_file` (v2) or `total_inactive_file` (v1); at least 0. */
  workingSetBytes: number;
  /** Memory of programs that belongs to no file, such as heaps and stacks: `anon` (v2), `total_rss` (v1). */
  anonBytes: number;
  /** Page cache, tmpfs and shared memory: `file` (v2), `total_cache` (v1). */
  fileBytes: number;
  /** Memory of the kernel for it: slab, stacks, page tables ...: `kernel` (v2), `memory.kmem.usage_in_bytes` (v1); `null` if not accounted. */
  kernelBytes: number | null;
  /** Swap use: `memory.swap.current` (v2), `total_swap` (v1); `null` if swap is not accounted. */
  swapBytes: number | null;
  /** Stall times; `null` on v1, and without CONFIG_PSI. */
  pressure: Pressure | null;
  /**
   * In {@link Cgroup.watch}: since the previous sample, or since watching began. In `readMany`: since the cgroup
   * exists.
   */
  events: EventCounts;
}

/** The name of one of the {@link SampleFields}. */
export type SampleField = keyof SampleFields;

/** How to get a field: from which files besides `memory.stat`, and from which lines of that. */
interface Field<T> {
  files?: readonly MemoryRole[];
  stat?: readonly string[];
  of(moment: Moment): T;
}

export type Fields = { readonly [F in SampleField]: Field<SampleFields[F]> };

const usageBytes: Field<number> = { files: ['usage'], of: (moment) => moment.value('usage') ?? 0 };

const COMMON = {
  usageBytes,
  // The root of a v2 hierarchy has no memory.max, because nothing limits it.
  limitBytes: { files: ['max'], of: (moment) => moment.value('max') ?? Number.POSITIVE_INFINITY },
  peakBytes: { files: ['peak'], of: (moment) => moment.value('peak') ?? null },
} satisfies Partial<Fields>;

const FIELDS_V1: Fields = {
  ...COMMON,
  workingSetBytes: without('total_inactive_file'),
  anonBytes: line('total_rss'),
  fileBytes: line('total_cache'),
  kernelBytes: { files: ['kernelUsage'], of: (moment) => moment.value('kernelUsage') ?? null },
  swapBytes: { stat: ['total_swap'], of: (moment) => moment.stat('total_swap') ?? null },
  pressure: { of: () => null },
  events: {
    files: ['failcnt', 'memswFailcnt', 'oomKill'],
    of: (moment) => ({
      // If both limits are the same, it depends on the kernel which of the two counts.
      max: (moment.value('failcnt') ?? 0) + (moment.value('memswFailcnt') ?? 0),
      oomKill: moment.value('oomKill')?.oomKills ?? 0,
      oom: null,
      high: null,
      low: null,
    }),
  },
};

const FIELDS_V2: Fields = {
  ...COMMON,
  workingSetBytes: without('inactive_file'),
  anonBytes: line('anon'),
  fileBytes: line('file'),
  kernelBytes: {
    // Since Linux 5.18 `kernel` is the sum of these, and more.
    stat: ['kernel', 'slab', 'kernel_stack', 'pagetables', 'percpu'],
    of: (moment) =>
      moment.stat('kernel') ??
      ['slab', 'kernel_stack', 'pagetables', 'percpu'].reduce((sum, name) => sum + (moment.stat(name) ?? 0), 0),
  },
  swapBytes: { files: ['swapUsage'], of: (moment) => moment.value('swapUsage') ?? null },
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

function line(name: string): Field<number> {
  return { stat: [name], of: (moment) => moment.stat(name) ?? 0 };
}

function without(name: string): Field<number> {
  return {
    files: ['usage'],
    stat: [name],
    of: (moment) => Math.max(0, usageBytes.of(moment) - (moment.stat(name) ?? 0)),
  };
}

/** Reads these fields of cgroups. */
export class FieldReader<F extends SampleField> {
  readonly #fields: Fields;
  readonly #moments: MomentReader;
  /** Copied for each result, so that it has all properties from the start. */
  readonly #empty: Pick<SampleFields, F>;

  constructor(
    version: CgroupVersion,
    private readonly names: readonly F[],
  ) {
    this.#fields = FIELDS[version];
    const roles = new Set<MemoryRole>();
    const lines = new Set<string>();
    for (const name of names) {
      const { files = [], stat = [] } = this.#fields[name];
      for (const role of files) roles.add(role);
      for (const line of stat) lines.add(line);
    }
    if (lines.size > 0) roles.add('stat');
    this.#moments = new MomentReader(version, [...roles], [...lines]);
    this.#empty = Object.fromEntries(names.map((name) => [name, 0])) as Pick<SampleFields, F>;
  }

  /**
   * The fields of each cgroup in order, or the error for that cgroup. Throws an error that is not about one cgroup,
   * such as a lack of fds.
   */
  read(sources: readonly Source[]): (Pick<SampleFields, F> | MemcageError)[] {
    const values = new Array<Pick<SampleFields, F> | MemcageError>(sources.length);
    this.#moments.read(sources, (moment, index) => {
      try {
        values[index] = this.#fieldsOf(moment);
      } catch (error) {
        if (!(error instanceof MemcageError)) throw error;
        if (isGone(error)) sources[index]?.files?.close();
        values[index] = error;
      }
    });
    return values;
  }

  #fieldsOf(moment: Moment): Pick<SampleFields, F> {
    const values = { ...this.#empty };
    for (const name of this.names) values[name] = this.#fields[name].of(moment);
    return keptInJson(values);
  }
}

/** Throws TypeError. */
export function checkFields<F extends SampleField>(fields: unknown): readonly F[] {
  if (!Array.isArray(fields) || !fields.every((name) => SAMPLE_FIELDS.includes(name as SampleField))) {
    throw invalidArgument('fields', `an array of ${SAMPLE_FIELDS.join(', ')}`, fields);
  }
  return [...new Set(fields as readonly F[])];
}
