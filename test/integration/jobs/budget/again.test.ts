import { run } from '../../../../lib/index';
import { LimitsAdmission } from '../../../../lib/jobs/budget/admission/admission';
import { RoomLedger } from '../../../../lib/jobs/budget/admission/room-ledger';
import type { Budget, LearnedJob } from '../../../../lib/jobs/budget/budget';
import { FollowedJobs } from '../../../../lib/jobs/budget/followed-jobs';
import { Headroom } from '../../../../lib/jobs/budget/headroom';
import type { Learner } from '../../../../lib/jobs/budget/learning/learner';
import type { Attempt } from '../../../../lib/jobs/budget/learning/lesson';
import { SharedBudget } from '../../../../lib/jobs/budget/shared-budget';
import { createCage } from '../../../../lib/start/api/create-cage';
import { eventsOf } from '../../../support/budget/budget-after-each';
import { said } from '../../../support/cage-kinds';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { holding } from '../../../support/processes/holding';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const MIB = 2 ** 20;
const CAPACITY = { memoryBytes: 100 * MIB, cpus: Number.POSITIVE_INFINITY, pids: Number.POSITIVE_INFINITY };

class FakeLearner implements Pick<Learner, keyof Learner> {
  readonly lasts: [key: string, limit: number, wasKilled: boolean, killedAt: number | null][] = [];
  readonly known = new Map<string, number>();
  closed = false;

  limitFor(key: string): number | undefined {
    return this.known.get(key);
  }

  firstLimit(): number {
    return 50 * MIB;
  }

  limitAfterKill(limitBytes: number, kills: number): number | undefined {
    if (kills >= 3 || limitBytes >= CAPACITY.memoryBytes) return undefined;
    return Math.min(limitBytes * 2, CAPACITY.memoryBytes);
  }

  record(key: string, { limitBytes, wasKilled, killedAtBytes }: Attempt): void {
    this.lasts.push([key, limitBytes / MIB, wasKilled, killedAtBytes && killedAtBytes / MIB]);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

interface Made {
  learner?: FakeLearner;
  mayBeginTwice?: boolean;
}

describeIf('cgroup', 'jobs that start again', () => {
  const budgets: SharedBudget[] = [];
  let ledger: RoomLedger;
  let followed: FollowedJobs;
  /** What a lookout hears. */
  let told: string[];
  beforeEach(() => {
    const admission = new LimitsAdmission(CAPACITY);
    ledger = new RoomLedger({ admission, concurrency: Number.POSITIVE_INFINITY, now: () => performance.now() });
    followed = new FollowedJobs();
    told = [];
    followed.listener = { jobStarted: () => void told.push('started'), jobEnded: () => void told.push('ended') };
  });
  afterEach(async () => {
    await Promise.all(budgets.splice(0).map((budget) => budget.close()));
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function make({ learner, mayBeginTwice = true }: Made = {}): Budget<LearnedJob> {
    const budget = new SharedBudget({
      cage: createCage({ memory: '110M' }),
      capacity: CAPACITY,
      ledger,
      followed,
      lookout: { stop: () => void told.push('stop') },
      mayBeginTwice,
      headroom: new Headroom(CAPACITY.memoryBytes),
      learner: learner as unknown as Learner | undefined,
    });
    budgets.push(budget);
    return budget as Budget<LearnedJob>;
  }

  /** Needs somewhat more than twice that: Perl makes a copy. */
  const needs = (mebibytes: number): [string, string[]] => [
    'perl',
    ['-e', `my $kept = "x" x (${mebibytes} << 20); print length $kept`],
  ];

  /** The same in a process of its own, after which it goes on. */
  const survives = (mebibytes: number): [string, string[]] => [
    'sh',
    ['-c', '"$@"; echo sent', 'sh', ...needs(mebibytes).flat()],
  ];
  const SENT = { code: 'ERR_MEMCAGE_MEMORY_LIMIT', outcome: { exitCode: 0, stdout: 'sent\n' } };
  /** What is no job takes half of the budget, so that a job meets the limit around all. */
  const takeHalf = async (budget: Budget<LearnedJob>): Promise<void> => said(budget.cage.spawn(...holding(28)), 'done');
  const MEETS_BUDGET = { memory: '100M', oomScoreAdj: 1000 } as const;

  test('with a higher limit after a kill for its own, while there is one', async () => {
    const learner = new FakeLearner();
    const budget = make({ learner });
    const events = eventsOf(budget);
    const { stdout } = await budget.run(...needs(15), { memory: '20M', key: 'grows' });
    expect(stdout).toBe(String(15 * MIB));
    expect(learner.lasts).toEqual([['grows', 40, false, 20]]);
    expect(events).toEqual(['started 1', 'ended 1 memory', 'started 1', 'ended 1']);
    expect(budget.stats()).toMatchObject({ ended: 1, retried: 1, killed: 0 });
    // Not beyond the whole budget: 100 MiB, instead of 120 MiB.
    await expect(budget.run(...needs(200), { memory: '60M', key: 'vast' })).rejects.toMatchObject(
      withCode('MEMORY_LIMIT'),
    );
    expect(learner.lasts.slice(1)).toEqual([['vast', 100, true, 60]]);
    expect(budget.stats()).toMatchObject({ ended: 2, retried: 2, killed: 1 });
  });

  test('not if it ends with exit code 0, whatever was killed of it', async () => {
    const learner = new FakeLearner();
    const budget = make({ learner });
    const events = eventsOf(budget);
    await expect(budget.run(...survives(15), { memory: '20M', key: 'sends' })).rejects.toMatchObject(SENT);
    expect(learner.lasts).toEqual([['sends', 20, true, null]]);
    await takeHalf(budget);
    await expect(budget.run(...survives(40), MEETS_BUDGET)).rejects.toMatchObject(SENT);
    expect(events).toEqual(['started 1', 'ended 1', 'started 2', 'ended 2']);
  });

  test.each([
    [true, ['started 1', 'ended 1 budget', 'started 1', 'ended 1']],
    [false, ['started 1', 'ended 1']],
  ])('once after a kill for the limit around all, if jobs may begin twice (%s)', async (mayBeginTwice, expected) => {
    const budget = make({ mayBeginTwice });
    const events = eventsOf(budget);
    await takeHalf(budget);
    await expect(budget.run(...needs(40), MEETS_BUDGET)).rejects.toMatchObject({ outcome: { oom: { cause: 'cage' } } });
    expect(events).toEqual(expected);
  });

  test('not once it is aborted, be it as its last attempt ends', async () => {
    const budget = make({ learner: new FakeLearner() });
    const abort = new AbortController();
    const others: Promise<unknown>[] = [];
    budget.once('ended', () => {
      abort.abort();
      others.push(budget.reserve({ memory: '100M', priority: 1 }));
    });
    const running = budget.run(...needs(15), { memory: '20M', key: 'grows', signal: abort.signal });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(others).toHaveLength(1);
    expect(budget.stats()).toMatchObject({ queued: 0, running: 1, aborted: 1 });
  });

  test('not if its caller could tell, and then it is learned from all the same', async () => {
    const learner = new FakeLearner();
    const budget = make({ learner });
    const child = await budget.spawn(...holding(30), { memory: '20M', key: 'spawned' });
    expect((await child.outcome).oom?.cause).toBe('limit');
    const stdio: ('ignore' | 'pipe' | 2)[] = ['ignore', 'pipe', 2];
    await expect(budget.run(...needs(30), { memory: '20M', key: 'fd', stdio })).rejects.toMatchObject(
      withCode('MEMORY_LIMIT'),
    );
    await expect(budget.run('false', { memory: '20M', key: 'fails' })).rejects.toMatchObject(withCode('EXIT'));
    expect(learner.lasts).toEqual([
      ['spawned', 20, true, null],
      ['fd', 20, true, null],
      ['fails', 20, false, null],
    ]);
    expect(budget.stats()).toMatchObject({ retried: 0 });
  });

  test('the limit is what was learned, also by the time that it starts', async () => {
    const learner = new FakeLearner();
    const budget = make({ learner });
    learner.known.set('known', 30 * MIB);
    const limit = async (options: LearnedJob & { key: string }): Promise<number> =>
      (await budget.run('true', options)).memory.limitBytes / MIB;
    expect(await limit({ key: 'known' })).toBe(30);
    expect(await limit({ key: 'known', memory: { max: '20M', swap: 0 } })).toBe(30);
    expect(await limit({ key: 'unknown', memory: '20M' })).toBe(20);
    expect(await limit({ key: 'unknown' })).toBe(50);
    await expect(budget.run('true', {} as never)).rejects.toMatchObject(withCode('INVALID_ARGUMENT', 'memory'));
    // Two that wait for the first: what that teaches is what the second takes.
    learner.known.set('learning', 100 * MIB);
    const first = budget.run('true', { key: 'learning' });
    const second = budget.run('true', { key: 'learning' });
    learner.known.set('learning', 25 * MIB);
    expect((await first).memory.limitBytes).toBe(100 * MIB);
    expect((await second).memory.limitBytes).toBe(25 * MIB);
    await budget.close();
    expect(learner.closed).toBe(true);
  });

  test('after all that waited, and by limits, if it was evicted', async () => {
    const budget = make();
    const events = eventsOf(budget);
    const other = await budget.spawn(...holding(1), { memory: '20M' });
    const evicted = budget.run('sh', ['-c', 'sleep 0.3; echo done'], { memory: '20M' });
    const waiting = budget.run('echo', ['later'], { memory: '80M' });
    await until('both run', () => followed.measurable().length === 2);
    const victim = followed.measurable().find(({ record }) => record.canStartAgain);
    victim?.record.measured(5);
    expect(victim?.record).toMatchObject({ usedBytes: 5, mostUsedBytes: 5, need: { memoryBytes: 20 * MIB } });
    expect(victim?.cgroup.usage().usageBytes).toBeGreaterThan(0);
    if (victim !== undefined) followed.evict(victim.record);
    expect((await waiting).stdout).toBe('later\n');
    await until('it runs again', () => ledger.running.length === 2);
    expect(ledger.running).toMatchObject([{ byLimits: false }, { byLimits: true }]);
    expect((await evicted).stdout).toBe('done\n');
    other.stdin.end();
    await other.outcome;
    expect(events).toEqual([
      ...['started 1', 'queued 3', 'started 2', 'ended 2 budget', 'queued 2'],
      ...['started 3', 'ended 3', 'started 2', 'ended 2', 'ended 1'],
    ]);
    expect(told.filter((each) => each === 'started')).toHaveLength(4);
    expect(told.filter((each) => each === 'ended')).toHaveLength(4);
    await budget.close();
    expect(told.at(-1)).toBe('stop');
  });
});
