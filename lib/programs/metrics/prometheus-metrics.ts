import type * as PromClient from 'prom-client';
import type { Budget, BudgetStats } from '../../index';

/** Where metrics are registered. */
export type Register =
  | PromClient.Registry<PromClient.PrometheusContentType>
  | PromClient.Registry<PromClient.OpenMetricsContentType>;

/** Calls `give` for each value, with its labels. */
export type GiveValues = (give: (value: number | undefined, labels: object) => void) => void;

export type Help = readonly [name: string, help: string];

type Client = Pick<typeof PromClient, 'Counter' | 'Gauge'>;

/** The metrics in a register, which share a prefix. */
export class Metrics {
  readonly #names: string[] = [];

  constructor(
    private readonly client: Client,
    private readonly registry: Register,
    private readonly prefix: string,
  ) {}

  gauge(help: Help, labelNames: readonly string[], values: GiveValues): void {
    new this.client.Gauge({
      ...this.#configuration(help, labelNames),
      collect() {
        this.reset();
        values((value, labels) => value !== undefined && this.set(labels, value));
      },
    });
    this.#names.push(this.prefix + help[0]);
  }

  counter(help: Help, labelNames: readonly string[], values: GiveValues): void {
    new this.client.Counter({
      ...this.#configuration(help, labelNames),
      collect() {
        this.reset();
        values((value, labels) => value !== undefined && this.inc(labels, value));
      },
    });
    this.#names.push(this.prefix + help[0]);
  }

  remove(): void {
    for (const name of this.#names.splice(0)) this.registry.removeSingleMetric(name);
  }

  #configuration([name, help]: Help, labelNames: readonly string[]) {
    return { name: this.prefix + name, help, labelNames, registers: [this.registry] };
  }
}

type BudgetHelp = { [F in keyof BudgetStats]?: Help };

const BUDGET_GAUGES: BudgetHelp = {
  memoryBytes: ['budget_memory_bytes', 'Memory that all jobs of the budget share.'],
  reservedBytes: ['budget_reserved_bytes', 'What running jobs have taken of it.'],
  usedBytes: ['budget_used_bytes', 'What they use without page cache; absent if it can not be read.'],
  queued: ['budget_jobs_queued', 'Jobs that wait for room.'],
  running: ['budget_jobs_running', 'Jobs that have room.'],
  frozen: ['budget_jobs_frozen', 'Of these, jobs that are frozen until more memory is free.'],
};

const BUDGET_COUNTERS: BudgetHelp = {
  ended: ['budget_jobs_ended_total', 'Jobs that ended, however.'],
  killed: ['budget_jobs_killed_total', 'Jobs whose last attempt was killed for memory.'],
  retried: ['budget_jobs_retried_total', 'How often a job was started again after a kill for its own limit.'],
  evicted: [
    'budget_jobs_evicted_total',
    'How often the budget killed a job to keep the others within its memory, and started it again.',
  ],
  aborted: ['budget_jobs_aborted_total', 'Jobs that left the queue without a start.'],
};

const LONGEST_WAIT: Help = [
  'budget_longest_wait_seconds',
  'How long the job has waited that has waited longest of those in the queue.',
];

const BUDGET_LABELS = ['budget'];

/** Adds metrics of budgets, by their names. */
export function addBudgets(metrics: Metrics, budgets: Readonly<Record<string, Pick<Budget, 'stats'>>>): void {
  const valuesOf =
    (figure: keyof BudgetStats, factor = 1): GiveValues =>
    (give) => {
      for (const [name, budget] of Object.entries(budgets)) {
        const value = budget.stats()[figure];
        give(value === null ? undefined : value * factor, { budget: name });
      }
    };
  for (const [figure, help] of entries(BUDGET_GAUGES)) metrics.gauge(help, BUDGET_LABELS, valuesOf(figure));
  for (const [figure, help] of entries(BUDGET_COUNTERS)) metrics.counter(help, BUDGET_LABELS, valuesOf(figure));
  metrics.gauge(LONGEST_WAIT, BUDGET_LABELS, valuesOf('longestWaitMs', 1 / 1000));
}

function entries(figures: BudgetHelp): [keyof BudgetStats, Help][] {
  return Object.entries(figures) as [keyof BudgetStats, Help][];
}
