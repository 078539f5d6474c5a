import type { SharedCage } from '../../cage/contract/cage';
import { resolveCageLimits } from '../../cgroup/limits/resolve-limits';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { ALIASES, aliasesOf } from '../../common/options/accepted-options';
import { BUDGET_OPTIONS, CHILD_SETTINGS } from '../../common/options/names';
import { checkOptions } from '../../common/options/option-names';
import { createCageFor } from '../../start/api/create-cage';
import { type Capacity, LimitsAdmission } from './admission/admission';
import { RoomLedger } from './admission/room-ledger';
import { leastFreeBytes, UseAdmission } from './admission/use-admission';
import type { Budget, BudgetOptions, LearnedJob } from './budget';
import { FollowedJobs } from './followed-jobs';
import { Headroom } from './headroom';
import { createLearner, type LearnOptions } from './learning/learner';
import { LeftBehind } from './left-behind';
import { Lookout } from './lookout';
import { SharedBudget, type SharedBudgetOptions } from './shared-budget';

const OF_THE_CAGE = ['memory', 'cpu', 'pids', 'parent', 'nodeHeap', 'enforce', ...CHILD_SETTINGS] as const;
const KNOWN = [...OF_THE_CAGE, ...BUDGET_OPTIONS] as const;
const OWN_ALIASES = {
  ...ALIASES,
  ...aliasesOf({ memory: ['total', 'size'], concurrency: ['maxconcurrency', 'jobs', 'maxjobs', 'workers'] }),
};

/**
 * Make a cage whose children wait for room: all of them together never have more than its limits.
 *
 * ```js run
 * import { createBudget } from 'memcage';
 *
 * const budget = createBudget({ memory: '100M' });
 * const jobs = ['a', 'b', 'c'].map((name) => budget.run('echo', [name], { memory: '50M' }));
 * console.log(budget.stats().queued, (await Promise.all(jobs)).map(({ stdout }) => stdout.trim()));
 * await budget.close();
 * ```
 *
 * ```text output
 * 1 [ 'a', 'b', 'c' ]
 * ```
 *
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the cage can't be made; nothing
 * is left behind then
 */
export function createBudget(options: BudgetOptions & { learn: LearnOptions }): Budget<LearnedJob>;
export function createBudget(options: BudgetOptions): Budget;
export function createBudget(options: BudgetOptions): Budget {
  const given = checkOptions(options, { of: 'createBudget', known: KNOWN, aliases: OWN_ALIASES });
  const { concurrency = Number.POSITIVE_INFINITY, admit = 'limits', learn } = options;
  const capacity = capacityOf(options);
  if (concurrency !== Number.POSITIVE_INFINITY && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw invalidArgument('concurrency', 'a positive integer', concurrency);
  }
  if (admit !== 'limits' && admit !== 'use') throw invalidArgument('admit', "'limits' or 'use'", admit);
  if (admit === 'use' && options.enforce !== undefined && options.enforce !== 'kernel') {
    throw invalidArgument(
      'enforce',
      "'kernel' with admit: 'use' (only the kernel tells what jobs use)",
      options.enforce,
    );
  }
  const learner = learn === undefined ? undefined : createLearner(learn, { totalBytes: capacity.memoryBytes });
  const own = {
    ...(Object.fromEntries(OF_THE_CAGE.map((name) => [name, given[name]])) as unknown as BudgetOptions),
    ...(admit === 'use' && { enforce: 'kernel' as const }),
  };
  const headroom = new Headroom(capacity.memoryBytes);
  // Where its cgroup is needed, it is held by the kernel.
  const cage = createCageFor('createBudget', { ...own, memory: headroom.around(options.memory) }) as SharedCage;
  try {
    return makeBudget({ cage, capacity, headroom, learner }, { concurrency, admitsByUse: admit === 'use' });
  } catch (error) {
    // The kernel refused what the rules need to know.
    void cage.close().catch(() => {});
    throw error;
  }
}

function makeBudget(
  parts: Pick<SharedBudgetOptions, 'cage' | 'capacity' | 'headroom' | 'learner'>,
  { concurrency, admitsByUse }: { concurrency: number; admitsByUse: boolean },
): SharedBudget {
  const { cage, capacity, learner } = parts;
  const { memoryBytes } = capacity;
  const followed = new FollowedJobs();
  const leftBehind = new LeftBehind(cage, followed);
  const byUse = admitsByUse ? new UseAdmission(capacity) : undefined;
  const admission = byUse ?? new LimitsAdmission(capacity, () => leftBehind.bytes());
  const ledger = new RoomLedger({ admission, concurrency, now: () => performance.now() });
  if (admitsByUse) {
    assertFreezes(cage);
    brake(memoryBytes, cage);
  }
  // What jobs use is learned from, too. Without the kernel there is only their peak.
  const looks = admitsByUse || (learner !== undefined && cage.enforcedBy.kind === 'kernel');
  const lookout = looks
    ? new Lookout({ cgroup: cage.cgroup, memoryBytes, ledger, followed, admission: byUse })
    : undefined;
  followed.listener = lookout;
  return new SharedBudget({ ...parts, ledger, followed, lookout, mayBeginTwice: admitsByUse });
}

/** Jobs that can't start again are safe only if they can be stopped in time. */
function assertFreezes({ cgroup }: SharedCage): void {
  if (cgroup.freezing.isPossible) return;
  const { path } = cgroup;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`admit: 'use' needs to stop jobs when memory runs short, and ${path} has no freezer${CURE}on cgroup v2 take Linux 5.2 or newer, on v1 mount the freezer or the unified hierarchy where this process can make cgroups; or leave out admit`,
    { path },
  );
}

/**
 * v2: close to the limit the kernel slows down whoever takes more memory, until one job has been evicted. On v1 it could only have
 * them wait at the limit (`memory.oom_control`), where calls of the kernel fail with ENOMEM, and jobs for no reason of their own.
 */
function brake(memoryBytes: number, { cgroup }: SharedCage): void {
  if (cgroup.version !== 2 || cgroup.limits().high !== Number.POSITIVE_INFINITY) return;
  cgroup.setLimits({ high: Math.floor(memoryBytes - leastFreeBytes(memoryBytes) / 2) });
}

function capacityOf({ memory, cpu, pids }: BudgetOptions): Capacity {
  const limits = resolveCageLimits({ memory, cpu, pids }, 'createBudget');
  const memoryBytes = limits?.memory.max;
  if (memoryBytes === undefined || memoryBytes === Number.POSITIVE_INFINITY) {
    throw contradiction(
      'memory',
      "createBudget needs a limit of memory, which its jobs share, such as { memory: '8G' }",
    );
  }
  const none = Number.POSITIVE_INFINITY;
  return { memoryBytes, cpus: limits?.cpu?.max ?? none, pids: limits?.pids ?? none };
}
