import type { Budget, BudgetStats } from '../../index.js';
import type { Help, Metrics, Values } from './prometheus-metrics.js';

type Figures = { [F in keyof BudgetStats]?: Help };

const GAUGES: Figures = {
  memoryBytes: ['budget_memory_bytes', 'Memory that all jobs of the budget share.'],
  reservedBytes: ['budget_reserved_bytes', 'What running jobs have taken of it.'],
  usedBytes: ['budget_used_bytes', 'What they use without page cache; absent if it can not be read.'],
  queued: ['budget_jobs_queued', 'Jobs that wait for room.'],
  running: ['budget_jobs_running', 'Jobs that have room.'],
};

const COUNTERS: Figures = {
  ended: ['budget_jobs_ended_total', 'Jobs that ended, however.'],
  killed: ['budget_jobs_killed_total', 'Jobs whose last attempt was killed for memory.'],
  retried: ['budget_jobs_retried_total', 'How often a job was started again after a kill for its own limit.'],
  evicted: ['budget_jobs_evicted_total', 'How often the budget killed a job to keep the others within its memory.'],
  aborted: ['budget_jobs_aborted_total', 'Jobs that left the queue without a start.'],
};

const LONGEST_WAIT: Help = [
  'budget_longest_wait_seconds',
  'How long the job has waited that has waited longest of those in the queue.',
];

const LABELS = ['budget'];

/** Adds metrics of budgets, by their names. */
export function addBudgets(metrics: Metrics, budgets: Readonly<Record<string, Pick<Budget, 'stats'>>>): void {
  const valuesOf =
    (figure: keyof BudgetStats, factor = 1): Values =>
    (give) => {
      for (const [name, budget] of Object.entries(budgets)) {
        const value = budget.stats()[figure];
        give(value === null ? undefined : value * factor, { budget: name });
      }
    };
  for (const [figure, help] of entries(GAUGES)) metrics.gauge(help, LABELS, valuesOf(figure));
  for (const [figure, help] of entries(COUNTERS)) metrics.counter(help, LABELS, valuesOf(figure));
  metrics.gauge(LONGEST_WAIT, LABELS, valuesOf('longestWaitMs', 1 / 1000));
}

function entries(figures: Figures): [keyof BudgetStats, Help][] {
  return Object.entries(figures) as [keyof BudgetStats, Help][];
}
