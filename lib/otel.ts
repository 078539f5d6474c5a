/// <reference types="node" preserve="true" />
/**
 * Metrics of cgroups for OpenTelemetry. `@opentelemetry/api` is an optional peer dependency.
 *
 * Experimental: see docs/reference/stability.md.
 *
 * @module memcage/otel
 */

import type * as Api from '@opentelemetry/api';
import { requirePeer } from './common/addon/require-peer';
import type { Cgroup } from './index';
import { type CageTotals, Collector } from './programs/metrics/collector';
import type { Gauges } from './programs/metrics/figures';
import type { Totals } from './programs/metrics/ledger';
import { checkKinds } from './programs/metrics/options';

const { metrics } = requirePeer(() => require('@opentelemetry/api'), {
  name: '@opentelemetry/api',
  entry: 'memcage/otel',
}) as typeof Api;

/**
 * Options of {@link observeCgroups}.
 *
 * @experimental
 */
export interface ObserveCgroupsOptions {
  /** The meter that makes the instruments. Default: the meter `memcage` of the global provider. */
  meter?: Api.Meter;
  /** Returns the cgroups to observe; called at each collection. Default: those of this thread's open cages. */
  cgroups?: () => Iterable<Cgroup>;
  /**
   * Returns the attributes of a cgroup; undefined leaves it out. Cgroups with the same attributes are added up, and
   * their counts go on after they have ended. Default: no attributes, for the sum of all cages; with the option
   * `cgroups`, `{ 'memcage.cgroup.path': cgroup.path }`, whose counts end with the cgroup.
   */
  attributes?: (cgroup: Cgroup) => Api.Attributes | undefined;
}

/**
 * The handle of a running observation, which {@link observeCgroups} returns.
 *
 * @experimental
 */
export interface Observation {
  /** Stop observing. The instruments stay, without values: OpenTelemetry can't remove them. */
  close(): void;
  /** `close()`, for `using`. */
  [Symbol.dispose](): void;
}

type InstrumentKind = 'UpDownCounter' | 'Gauge' | 'Counter';

interface Instrument {
  name: string;
  kind: InstrumentKind;
  unit: string;
  description: string;
  attributes?: Api.Attributes;
}

const bytes = (name: string, description: string, kind: InstrumentKind = 'UpDownCounter'): Instrument => ({
  name,
  kind,
  unit: 'By',
  description,
});

// container.*: https://opentelemetry.io/docs/specs/semconv/system/container-metrics/. What has no name there is in
// memcage's own namespace.
const GAUGES: { readonly [G in keyof Gauges]-?: Instrument } = {
  usageBytes: bytes('container.memory.usage', 'Memory usage of the container.'),
  availableBytes: bytes('container.memory.available', 'Container memory available.'),
  anonBytes: bytes('container.memory.rss', 'Container memory RSS.'),
  workingSetBytes: bytes('container.memory.working_set', 'Container memory working set.'),
  limitBytes: bytes('memcage.memory.limit', 'Hard limit of its memory; absent without one.'),
  fileBytes: bytes('memcage.memory.file', 'Page cache, tmpfs and shared memory.'),
  kernelBytes: bytes('memcage.memory.kernel', 'Memory that the kernel needs for it.'),
  swapBytes: bytes('memcage.memory.swap', 'Swap in use.'),
  peakBytes: bytes('memcage.memory.peak', 'Highest use so far; absent where the kernel does not record it.', 'Gauge'),
  processes: {
    name: 'memcage.process.count',
    kind: 'UpDownCounter',
    unit: '{process}',
    description: 'Processes in the cgroup and below it.',
  },
};

const NOTHING: Gauges = {
  usageBytes: 0,
  availableBytes: 0,
  anonBytes: 0,
  workingSetBytes: 0,
  limitBytes: 0,
  fileBytes: 0,
  kernelBytes: 0,
  swapBytes: 0,
  processes: 0,
};

const PRESSURE = {
  name: 'memcage.memory.pressure.time',
  kind: 'Counter',
  unit: 's',
  description: 'Time in which tasks waited for memory: at least one of them, or all at once.',
} as const;

const FAULTS = {
  name: 'container.paging.faults',
  kind: 'Counter',
  unit: '{fault}',
  description: 'Container memory paging faults.',
} as const;

const COUNTS: { readonly [C in Exclude<keyof Totals, 'pageFaults'>]-?: Instrument } = {
  oomKills: {
    name: 'memcage.oom.kills',
    kind: 'Counter',
    unit: '{process}',
    description: 'Processes that the kernel has killed for memory.',
  },
  limitHits: {
    name: 'memcage.memory.limit_hits',
    kind: 'Counter',
    unit: '{hit}',
    description: 'How often the hard limit was hit.',
  },
  minorFaults: { ...FAULTS, attributes: { 'system.paging.fault.type': 'minor' } },
  majorFaults: { ...FAULTS, attributes: { 'system.paging.fault.type': 'major' } },
  waitingSeconds: { ...PRESSURE, attributes: { 'memcage.pressure.kind': 'some' } },
  stalledSeconds: { ...PRESSURE, attributes: { 'memcage.pressure.kind': 'full' } },
};

const CAGES: { readonly [C in keyof CageTotals]: Instrument } = {
  open: { name: 'memcage.cage.count', kind: 'UpDownCounter', unit: '{cage}', description: 'Cages that are open.' },
  closed: { name: 'memcage.cage.closed', kind: 'Counter', unit: '{cage}', description: 'Cages that have ended.' },
  oomKills: {
    name: 'memcage.cage.oom.kills',
    kind: 'Counter',
    unit: '{process}',
    description: 'Processes that the kernel has killed for memory, in all cages, also those that have ended.',
  },
};

/**
 * Observe the memory of cgroups with OpenTelemetry. Makes observable instruments in one batch, so that all are read at
 * the same moment.
 *
 * ```js run
 * import { observeCgroups } from 'memcage/otel';
 *
 * const observation = observeCgroups();
 * observation.close();
 * ```
 *
 * @throws TypeError for bad options
 *
 * @experimental
 */
export function observeCgroups(options: ObserveCgroupsOptions = {}): Observation {
  checkKinds('observeCgroups', options, { meter: 'object', cgroups: 'function', attributes: 'function' });
  const { meter = metrics.getMeter('memcage'), cgroups, attributes } = options;
  const collector = new Collector<Api.Attributes>({
    cgroups,
    // The SDK for JavaScript never forgets attributes, and takes 2,000 sets of them for an instrument. That is too few
    // for cages, which come and go.
    labels: attributes ?? (cgroups === undefined ? () => ({}) : byPath),
    labelsEnd: attributes === undefined && cgroups !== undefined,
  });
  const instruments = new Instruments(meter);
  const [gauges, counts, cages] = [instruments.of(GAUGES), instruments.of(COUNTS), instruments.of(CAGES)];
  const observe: Api.BatchObservableCallback = (result) => {
    const { rows, ended, cages: totals } = collector.collect();
    // Some SDKs repeat the last value, which would stay in every sum.
    for (const attributes of ended) gauges(result, NOTHING, attributes);
    for (const row of rows) {
      gauges(result, row.gauges, row.labels);
      counts(result, row.counts, row.labels);
    }
    if (totals !== undefined) cages(result, totals, {});
  };
  meter.addBatchObservableCallback(observe, instruments.all);
  const close = (): void => {
    collector.stop();
    meter.removeBatchObservableCallback(observe, instruments.all);
  };
  return { close, [Symbol.dispose]: close };
}

/** Observes those of the figures that are present. */
type Observe<K extends string> = (
  result: Api.BatchObservableResult,
  figures: { readonly [F in K]?: number },
  attributes: Api.Attributes,
) => void;

/** Makes each instrument once. If several figures share one, attributes tell them apart. */
class Instruments {
  readonly #made = new Map<string, Api.Observable>();

  constructor(private readonly meter: Api.Meter) {}

  get all(): Api.Observable[] {
    return [...this.#made.values()];
  }

  of<K extends string>(instruments: Readonly<Record<K, Instrument>>): Observe<K> {
    const made = (Object.entries(instruments) as [K, Instrument][]).map(
      ([figure, instrument]) => [figure, this.#make(instrument), instrument.attributes] as const,
    );
    return (result, figures, attributes) => {
      for (const [figure, observable, own] of made) {
        const value = figures[figure];
        if (value !== undefined) result.observe(observable, value, { ...attributes, ...own });
      }
    };
  }

  #make({ name, kind, unit, description }: Instrument): Api.Observable {
    let made = this.#made.get(name);
    if (made === undefined) {
      made = this.meter[`createObservable${kind}`](name, { unit, description });
      this.#made.set(name, made);
    }
    return made;
  }
}

function byPath(cgroup: Cgroup): Api.Attributes {
  return { 'memcage.cgroup.path': cgroup.path };
}
