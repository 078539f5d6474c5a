import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { resolveCageLimits } from '../../cgroup/limits/resolve-limits';
import { ALIASES } from '../../common/options/accepted-options';
import { checkOptions } from '../../common/options/option-names';
import { contain } from '../../start/contain/contain';
import { isShared } from '../../start/request/cage-options';
import type { Turns } from '../../start/request/turns';
import type { ContainJobsOptions } from './budget';
import { assertOpen, type BudgetCore } from './budget-core';
import { checkJobOptions, needOf } from './job-options';
import { JobTurn } from './job-turn';

const LIMITS = ['memory', 'pids', 'cpu', 'cpuTimeMs', 'stall'] as const;
const KNOWN = [...LIMITS, 'key', 'priority', 'threads'] as const;
const KNOWN_NAMES: readonly string[] = KNOWN;
const OWN_ALIASES = Object.fromEntries(Object.entries(ALIASES).filter(([, name]) => KNOWN_NAMES.includes(name)));

/** The work of `budget.contain()`. */
export function containJobs<T>(core: BudgetCore, fn: () => T, options: ContainJobsOptions): T {
  assertOpen(core);
  const { cage } = core;
  if (!isShared(cage)) throw new Error('The cage of a budget is not one of createCage()');
  checkOptions(options, { of: 'budget.contain', known: KNOWN, aliases: OWN_ALIASES });
  const { threads, ...ofJobs } = options;
  return contain(cage, fn, threads === undefined ? {} : { threads }, turnsOf(core, ofJobs));
}

function turnsOf(core: BudgetCore, { key, priority, ...limits }: Omit<ContainJobsOptions, 'threads'>): Turns {
  const job = checkJobOptions({ key, priority });
  const given = resolveCageLimits(limits, 'budget.contain') ?? { memory: {} };
  const limitsFor = (own: CageLimits = given): CageLimits =>
    own.memory.max === undefined ? { ...own, memory: { ...own.memory, ...defaultMemory(core, key, given) } } : own;
  // Nothing within could ever start.
  needOf(limitsFor(), core.capacity);
  return { limitsFor, turnFor: (child) => new JobTurn(core, job, child) };
}

/** The limit of memory of a child without one of its own. */
function defaultMemory(
  { learner, capacity }: BudgetCore,
  key: string | undefined,
  { memory }: CageLimits,
): CageLimits['memory'] {
  if (learner === undefined || key === undefined) return memory;
  return { ...memory, max: learner.limitFor(key) ?? memory.max ?? capacity.memoryBytes };
}
