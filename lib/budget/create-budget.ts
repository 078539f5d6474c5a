import { createCageFor } from '../api/create-cage';
import { resolveCageLimits } from '../cgroup/limits/resolve-cage-limits';
import type { Budget, BudgetOptions, LearnedJob, LearnOptions } from '../contract/budget';
import { ErrorCode, invalidArgument, MemcageError } from '../errors/errors';
import { ALIASES, CHILD_SETTINGS } from '../options/called';
import { checkOptions } from '../options/option-names';
import { LimitsAdmission, type Supply } from './admission/limits-admission';
import { Headroom } from './headroom';
import { LeftBehind } from './left-behind';
import { SharedBudget } from './shared-budget';

const OF_THE_CAGE = ['memory', 'cpu', 'pids', 'parent', 'nodeHeap', 'enforce', ...CHILD_SETTINGS] as const;
const KNOWN = [...OF_THE_CAGE, 'concurrency', 'admit', 'learn'] as const;
/** What other programs call these options. Of those of a cage, what is not an option here leads nowhere. */
const ALL_ALIASES: Record<string, string> = {
  ...ALIASES,
  maxconcurrency: 'concurrency',
  jobs: 'concurrency',
  limit: 'memory',
};
const KNOWN_NAMES: readonly string[] = KNOWN;
const OWN_ALIASES = Object.fromEntries(Object.entries(ALL_ALIASES).filter(([, name]) => KNOWN_NAMES.includes(name)));

/**
 * Make a cage whose children wait for room: all of them together never have more than its limits.
 *
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the cage can't be made; nothing
 * is left behind then
 */
export function createBudget(options: BudgetOptions & { learn: LearnOptions }): Budget<LearnedJob>;
export function createBudget(options: BudgetOptions): Budget;
export function createBudget(options: BudgetOptions): Budget {
  const given = checkOptions<string>(options, { of: 'createBudget', known: KNOWN, aliases: OWN_ALIASES });
  const { concurrency = Number.POSITIVE_INFINITY, admit = 'limits', learn } = options;
  const supply = supplyOf(options);
  if (concurrency !== Number.POSITIVE_INFINITY && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw invalidArgument('concurrency', 'a positive integer', concurrency);
  }
  if (admit !== 'limits' && admit !== 'use') throw invalidArgument('admit', "'limits' or 'use'", admit);
  if (admit === 'use') throw new MemcageError(ErrorCode.UNSUPPORTED, "admit: 'use' is not there yet");
  if (learn !== undefined) throw new MemcageError(ErrorCode.UNSUPPORTED, 'learn is not there yet');
  const own = Object.fromEntries(OF_THE_CAGE.map((name) => [name, given[name]])) as unknown as BudgetOptions;
  const headroom = new Headroom(supply.memoryBytes);
  const cage = createCageFor('createBudget', { ...own, memory: headroom.around(options.memory) });
  const leftBehind = new LeftBehind(cage);
  const admission = new LimitsAdmission(supply, () => leftBehind.bytes());
  const rules = { admission, leftBehind, createMeter: undefined, learned: undefined };
  return new SharedBudget({ cage, supply, concurrency, headroom, ...rules });
}

function supplyOf({ memory, cpu, pids }: BudgetOptions): Supply {
  const limits = resolveCageLimits({ memory, cpu, pids }, 'createBudget');
  const memoryBytes = limits?.memory.max;
  if (memoryBytes === undefined || memoryBytes === Number.POSITIVE_INFINITY) {
    throw invalidArgument('memory', "a size such as '8G', and not unlimited (jobs share it)", memory);
  }
  const none = Number.POSITIVE_INFINITY;
  return { memoryBytes, cpus: limits?.cpu?.max ?? none, pids: limits?.pids ?? none };
}
