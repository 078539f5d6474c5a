/// <reference types="node" preserve="true" />
/**
 * Metrics of cgroups for prom-client, an optional peer dependency.
 *
 * Stable: see docs/reference/stability.md.
 *
 * @module memcage/prometheus
 */

import type * as PromClient from 'prom-client';
import { requirePeer } from './common/addon/require-peer';
import type { Budget, Cgroup } from './index';
import { type CageTotals, Collector } from './programs/metrics/collector';
import type { Counts, Gauges } from './programs/metrics/figures';
import { checkBudgets, checkKinds } from './programs/metrics/options';
import { addBudgets, type Help, Metrics } from './programs/metrics/prometheus-metrics';

const client = requirePeer(() => require('prom-client'), {
  name: 'prom-client',
  entry: 'memcage/prometheus',
}) as typeof PromClient;

/** Options of {@link collectCgroups}. */
export interface CollectCgroupsOptions<L extends string = string> {
  /** Where to register the metrics. Default: prom-client's own register. */
  register?:
    | PromClient.Registry<PromClient.PrometheusContentType>
    | PromClient.Registry<PromClient.OpenMetricsContentType>;
  /** Prefix of all names. Default: `memcage_`. */
  prefix?: string;
  /** Returns the cgroups to collect; called at each scrape. Default: those of this thread's open cages. */
  cgroups?: () => Iterable<Cgroup>;
  /** Names of the labels that `labels` returns. Default: `['cgroup']`. */
  labelNames?: readonly L[];
  /**
   * Returns the labels of a cgroup; undefined leaves it out. Cgroups with the same labels are added up, and their
   * counts go on after they have ended. Default: `{ cgroup: cgroup.path }`, whose counts end with the cgroup.
   */
  labels?: (cgroup: Cgroup) => Readonly<Record<L, string>> | undefined;
}

/** Options of {@link collectBudgets}. */
export type CollectBudgetsOptions = Pick<CollectCgroupsOptions, 'register' | 'prefix'>;

/** The handle of a running collection, which {@link collectCgroups} and {@link collectBudgets} return. */
export interface Collection {
  /** Stop collecting, and remove the metrics from the register. */
  close(): void;
  /** `close()`, for `using`. */
  [Symbol.dispose](): void;
}

const GAUGES: { readonly [G in Exclude<keyof Gauges, 'availableBytes'>]-?: Help } = {
  usageBytes: ['memory_usage_bytes', 'Memory that is charged to the cgroup, page cache included.'],
  limitBytes: ['memory_limit_bytes', 'Hard limit of its memory; absent without one.'],
  workingSetBytes: ['memory_working_set_bytes', 'Memory in use without the page cache that can be dropped first.'],
  anonBytes: ['memory_anon_bytes', 'Memory of programs that belongs to no file.'],
  fileBytes: ['memory_file_bytes', 'Page cache, tmpfs and shared memory.'],
  kernelBytes: ['memory_kernel_bytes', 'Memory that the kernel needs for it.'],
  swapBytes: ['memory_swap_bytes', 'Swap in use.'],
  peakBytes: ['memory_peak_bytes', 'Highest use so far; absent where the kernel does not record it.'],
  processes: ['processes', 'Processes in the cgroup and below it.'],
};

const COUNTERS: { readonly [C in keyof Counts]-?: Help } = {
  oomKills: ['oom_kills_total', 'Processes that the kernel has killed for memory.'],
  limitHits: ['memory_limit_hits_total', 'How often the hard limit was hit.'],
  pageFaults: ['memory_page_faults_total', 'Page faults, major ones too.'],
  majorFaults: ['memory_major_page_faults_total', 'Page faults that waited for the disk.'],
  waitingSeconds: [
    'memory_pressure_waiting_seconds_total',
    'Time in which at least one task waited for memory; absent without PSI.',
  ],
  stalledSeconds: [
    'memory_pressure_stalled_seconds_total',
    'Time in which all tasks waited for memory at once; absent without PSI.',
  ],
};

/** Metrics of this thread's cages: those that are open, and what happened since the collection began. */
const CAGES: { readonly [C in keyof CageTotals]: Help } = {
  open: ['cages', 'Cages that are open.'],
  closed: ['cages_closed_total', 'Cages that have ended.'],
  oomKills: [
    'cages_oom_kills_total',
    'Processes that the kernel has killed for memory, in all cages, also those that have ended.',
  ],
};

/**
 * Register metrics of cgroups with prom-client. Each scrape reads them, all at the same moment.
 *
 * ```js run
 * import { createCage } from 'memcage';
 * import { collectCgroups } from 'memcage/prometheus';
 * import { register } from 'prom-client';
 *
 * const collection = collectCgroups();
 * const cage = createCage({ memory: '50M' });
 * console.log((await register.metrics()).includes(`memcage_memory_limit_bytes{cgroup="${cage.cgroup.path}"} 52428800`));
 * await cage.close();
 * collection.close();
 * ```
 *
 * ```text output
 * true
 * ```
 *
 * @throws TypeError for bad options; prom-client's own Error if a metric of the same name exists already, or for a name
 *   that prom-client does not accept
 */
export function collectCgroups<L extends string = 'cgroup'>(options: CollectCgroupsOptions<L> = {}): Collection {
  checkKinds('collectCgroups', options, {
    register: 'object',
    prefix: 'string',
    cgroups: 'function',
    labelNames: 'object',
    labels: 'function',
  });
  const { prefix = 'memcage_', cgroups, labels, labelNames = ['cgroup'] } = options;
  const collector = new Collector<object>({ cgroups, labels: labels ?? byPath, labelsEnd: labels === undefined });
  const metrics = new Metrics(client, options.register ?? client.register, prefix);
  const close = (): void => {
    collector.stop();
    metrics.remove();
  };
  try {
    addAll(metrics, labelNames, { collector, ofCages: cgroups === undefined });
  } catch (error) {
    close();
    throw error;
  }
  return { close, [Symbol.dispose]: close };
}

/**
 * Register metrics of budgets with prom-client. Each scrape reads them. They go on when a budget is closed.
 *
 * ```js run
 * import { createBudget } from 'memcage';
 * import { collectBudgets } from 'memcage/prometheus';
 * import { register } from 'prom-client';
 *
 * const budget = createBudget({ memory: '50M' });
 * const collection = collectBudgets({ jobs: budget });
 * console.log((await register.metrics()).includes('budget="jobs"'));
 * collection.close();
 * await budget.close();
 * ```
 *
 * ```text output
 * true
 * ```
 *
 * @param budgets by the name that each has as its label `budget`
 * @throws TypeError for bad options; prom-client's own Error as {@link collectCgroups}
 */
export function collectBudgets(
  budgets: Readonly<Record<string, Pick<Budget, 'stats'>>>,
  options: CollectBudgetsOptions = {},
): Collection {
  checkKinds('collectBudgets', options, { register: 'object', prefix: 'string' });
  checkBudgets(budgets);
  const metrics = new Metrics(client, options.register ?? client.register, options.prefix ?? 'memcage_');
  const close = (): void => metrics.remove();
  try {
    addBudgets(metrics, { ...budgets });
  } catch (error) {
    close();
    throw error;
  }
  return { close, [Symbol.dispose]: close };
}

function addAll(
  metrics: Metrics,
  labelNames: readonly string[],
  { collector, ofCages }: { collector: Collector<object>; ofCages: boolean },
): void {
  const moment = once(() => collector.collect());
  for (const [name, help] of Object.entries(GAUGES) as [keyof typeof GAUGES, Help][]) {
    metrics.gauge(help, labelNames, (give) => {
      for (const { labels, gauges } of moment().rows) give(gauges[name], labels);
    });
  }
  for (const [name, help] of Object.entries(COUNTERS) as [keyof Counts, Help][]) {
    metrics.counter(help, labelNames, (give) => {
      for (const { labels, counts } of moment().rows) give(counts[name], labels);
    });
  }
  if (!ofCages) return;
  metrics.gauge(CAGES.open, [], (give) => give(moment().cages?.open, {}));
  metrics.counter(CAGES.closed, [], (give) => give(moment().cages?.closed, {}));
  metrics.counter(CAGES.oomKills, [], (give) => give(moment().cages?.oomKills, {}));
}

function byPath(cgroup: Cgroup): { cgroup: string } {
  return { cgroup: cgroup.path };
}

/** Answers all callers alike until the next microtask, so that one scrape reads once. */
function once<T>(ask: () => T): () => T {
  let answer: { value: T } | undefined;
  return () => {
    if (answer === undefined) {
      answer = { value: ask() };
      queueMicrotask(() => {
        answer = undefined;
      });
    }
    return answer.value;
  };
}
