import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Budget, type CagedProcess, createCage, run } from 'memcage';
import { budgetsClosedAfterEach, eventsOf } from '../../../support/budget/budget-after-each';
import { disk } from '../../../support/engines/disk';
import { withCode } from '../../../support/error-code';
import { startFixture } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { endNow, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

/** Takes so many MiB, once there is a file so many more, and ends once there is another file. */
const GROWS = `
use Time::HiRes qw(sleep);
my ($dir, $name, $first, $second) = @ARGV;
my @kept;
vec($kept[0], ($first << 20) - 1, 8) = 1;
sleep 0.02 until -e "$dir/grow-$name" || -e "$dir/end";
vec($kept[1], ($second << 20) - 1, 8) = 1 if $second && -e "$dir/grow-$name";
sleep 0.02 until -e "$dir/end";
print "$name is done";
`;

describeIf('cgroup', 'a budget that admits by use', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-use-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const make = budgetsClosedAfterEach();
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  const signal = (name: string): void => writeFileSync(join(directory, name), '');
  const grows = (name: string, first: number, second = 0): [string, string[]] => [
    'perl',
    ['-e', GROWS, directory, name, `${first}`, `${second}`],
  ];
  /** A budget that has seen jobs end, and so does not expect the worst of the next ones. These are gone before anybody looks at them. */
  async function experienced(): Promise<Budget> {
    const budget = make({ memory: '200M', admit: 'use' });
    for (let job = 0; job < 3; job += 1) await budget.run('true', { memory: '8M' });
    return budget;
  }
  const runs = (budget: Budget, count: number) =>
    seenWith(
      budget,
      until(`${count} run`, () => budget.stats().running === count && (budget.stats().usedBytes ?? 0) > 0),
    );
  /** If it does not come, says with which figures. */
  async function seenWith<T>(budget: Budget, promised: Promise<T>): Promise<T> {
    const late = setTimeout(patience(20_000), undefined, { ref: false }).then(() => undefined);
    const isLate = await Promise.race([promised.then(() => false), late.then(() => true)]);
    if (!isLate) return await promised;
    const { path } = budget.cage.cgroup;
    const stat = readFileSync(join(path, 'memory.stat'), 'utf8');
    throw new Error(`${JSON.stringify(budget.stats())}: ${stat.replaceAll('\n', ', ')}`);
  }

  test('has more run at a time than their limits allow', async () => {
    const budget = make({ memory: '200M', admit: 'use' });
    const jobs = ['a', 'b'].map((name) => budget.run(...grows(name, 5), { memory: '120M' }));
    await runs(budget, 2);
    const { reservedBytes, usedBytes } = budget.stats();
    expect(reservedBytes).toBeGreaterThanOrEqual(usedBytes ?? 0);
    signal('end');
    expect((await Promise.all(jobs)).map(({ stdout }) => stdout)).toEqual(['a is done', 'b is done']);
    await until('all have ended', () => budget.stats().running === 0);
    expect(budget.stats()).toMatchObject({ ended: 2, evicted: 0, killed: 0, reservedBytes: 0 });
  });

  test('kills the youngest for a burst, and runs it again where limits fit', async () => {
    const budget = await experienced();
    const events = eventsOf(budget);
    const beside: number[] = [];
    budget.on('started', ({ id, attempt }) => {
      if (attempt > 1) beside.push(id, budget.stats().running);
    });
    const oldest = budget.run(...grows('oldest', 20, 135), { memory: '190M' });
    const middle = budget.run(...grows('middle', 5), { memory: '190M' });
    await runs(budget, 2);
    const youngest = budget.run(...grows('youngest', 25), { memory: '190M' });
    await runs(budget, 3);
    await until('all have what they begin with', () => (budget.stats().usedBytes ?? 0) > 50 << 20);
    signal('grow-oldest');
    await until('one is evicted', () => budget.stats().evicted === 1);
    expect(events).toContain('ended 6 budget');
    expect(budget.stats()).toMatchObject({ queued: 1 });
    signal('end');
    const results = await Promise.all([oldest, middle, youngest]);
    expect(results.map(({ stdout }) => stdout)).toEqual(['oldest is done', 'middle is done', 'youngest is done']);
    expect(beside).toEqual([6, 1]);
    expect(budget.stats()).toMatchObject({ evicted: 1, killed: 0, retried: 0 });
  });

  test('evicts an older one rather than a child that it can not start again', async () => {
    const budget = await experienced();
    const oldest = budget.run(...grows('oldest', 20, 148), { memory: '190M' });
    const spawned = await budget.spawn(...grows('spawned', 20), { memory: '60M' });
    expect(budget.stats().running).toBe(2);
    await until('both use it', () => (budget.stats().usedBytes ?? 0) > 40 << 20);
    signal('grow-oldest');
    await until('the other is evicted', () => budget.stats().evicted === 1);
    signal('end');
    expect(await spawned.outcome).toMatchObject({ exitCode: 0, oom: null });
    expect((await oldest).stdout).toBe('oldest is done');
  });

  /** A child that has grown so that the other one is frozen. That has run too short for what it holds to be all that is expected of it. */
  async function frozenBeside(start: (budget: Budget) => Promise<CagedProcess>) {
    const budget = await experienced();
    const oldest = await budget.spawn(...grows('oldest', 20, 130), { memory: '190M' });
    const youngest = await seenWith(budget, start(budget));
    await until('both have what they begin with', () => (budget.stats().usedBytes ?? 0) > 35 << 20);
    signal('grow-oldest');
    await until('one is frozen', () => budget.stats().frozen === 1 && youngest.cage.cgroup.isFrozen());
    return { budget, oldest, youngest };
  }
  const second = (budget: Budget): Promise<CagedProcess> => budget.spawn(...grows('second', 20), { memory: '190M' });

  test('freezes the youngest, which the caller can not thaw, and thaws it once the oldest has ended, unless the caller froze it too', async () => {
    const { budget, oldest, youngest } = await frozenBeside(second);
    const frozenMs: Record<string, number> = {};
    budget.on('ended', (event) => (frozenMs[event.id] = event.frozenMs));
    expect(oldest.cage.cgroup.isFrozen()).toBe(false);
    const { cgroup } = youngest.cage;
    await expect(cgroup.thaw()).rejects.toThrow(withCode('BUSY'));
    await cgroup.freeze();
    oldest.kill('SIGKILL');
    await oldest.outcome;
    await until('the budget has thawed it', () => budget.stats().frozen === 0);
    expect(cgroup.isFrozen()).toBe(true);
    await cgroup.thaw();
    signal('end');
    expect(await youngest.outcome).toMatchObject({ exitCode: 0, oom: null, error: null });
    await until('both have ended', () => budget.stats().running === 0);
    expect(budget.stats()).toMatchObject({ frozen: 0, evicted: 0, killed: 0 });
    expect(frozenMs[4]).toBe(0);
    expect(frozenMs[5]).toBeGreaterThan(0);
  });

  test('a frozen job takes a signal', async () => {
    const handling = `$SIG{TERM} = sub { exit 7 };${GROWS}`;
    const { oldest, youngest } = await frozenBeside((budget) =>
      budget.spawn('perl', ['-e', handling, directory, 'second', '20', '0'], { memory: '190M' }),
    );
    youngest.kill('SIGTERM');
    expect(await youngest.outcome).toMatchObject({ exitCode: 7, oom: null });
    signal('end');
    expect(await oldest.outcome).toMatchObject({ exitCode: 0 });
  });

  test('the time in which a job is frozen does not count for its timeout', async () => {
    const timeout = patience(1000);
    let result: Promise<unknown> | undefined;
    const { budget, oldest } = await frozenBeside((budget) => {
      const child = new Promise<CagedProcess>((resolve) => {
        budget.on('started', ({ child, id }) => id === 5 && resolve(child as CagedProcess));
      });
      result = budget.run(...grows('second', 20), { memory: '190M', timeout });
      return child;
    });
    await setTimeout(timeout + patience(100));
    oldest.kill('SIGKILL');
    signal('end');
    expect(await result).toMatchObject({ stdout: 'second is done' });
    expect(budget.stats()).toMatchObject({ evicted: 0 });
  });

  test('kills the youngest where freezing does not help, and says so', async () => {
    const budget = await experienced();
    const oldest = await budget.spawn(...grows('oldest', 20, 148), { memory: '190M' });
    const youngest = await budget.spawn(...grows('youngest', 20), { memory: '190M' });
    await until('both use it', () => (budget.stats().usedBytes ?? 0) > 40 << 20);
    signal('grow-oldest');
    const { error, oom, signal: by } = await youngest.outcome;
    expect({ oom, by }).toEqual({ oom: null, by: 'SIGKILL' });
    expect(error).toEqual(withCode('EVICTED'));
    signal('end');
    expect(await oldest.outcome).toMatchObject({ exitCode: 0, oom: null });
    expect(budget.stats()).toMatchObject({ evicted: 0, killed: 1 });
  });

  test('has nobody left frozen when its process is killed', async () => {
    const running = startFixture('jobs/budget/frozen-job.js', { script: GROWS, directory });
    const { stdout } = running.process;
    if (stdout === null) throw new Error('no stdout');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.filter(isAlive)).toHaveLength(2);
    endNow(running.pid);
    await running.end;
    await until('the end of all', () => !pids.some(isAlive));
  });

  (disk() === undefined ? test.skip : test)('does not count page cache', async () => {
    const budget = await experienced();
    const place = mkdtempSync(join(disk() ?? '', 'memcage-use-'));
    try {
      const fills = `dd if=/dev/zero of=${place}/file bs=1M count=160 conv=fsync status=none && exec "$@"`;
      const filler = budget.run('sh', ['-c', fills, 'sh', ...grows('filler', 5).flat()], { memory: '190M' });
      await until('it has filled the cache', () => budget.cage.cgroup.usage().usageBytes > 150 << 20);
      const others = ['a', 'b'].map((name) => budget.run(...grows(name, 5), { memory: '190M' }));
      await runs(budget, 3);
      expect(budget.stats().usedBytes).toBeLessThan(100 << 20);
      signal('end');
      await Promise.all([filler, ...others]);
      expect(budget.stats()).toMatchObject({ evicted: 0, killed: 0 });
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  test('shares no more than a cage around it has left', async () => {
    await using outer = createCage({ memory: '150M' });
    const budget = make({ memory: '1G', admit: 'use', parent: outer.cgroup.path });
    const first = await budget.spawn(...grows('first', 5), { memory: '100M' });
    const second = budget.spawn(...grows('second', 5), { memory: '100M' });
    const third = budget.spawn(...grows('third', 5), { memory: '20M' });
    expect((await third).pid).toBeDefined();
    expect(budget.stats()).toMatchObject({ running: 2, queued: 1 });
    signal('end');
    expect(await first.outcome).toMatchObject({ exitCode: 0 });
    expect(await (await second).outcome).toMatchObject({ exitCode: 0 });
  });

  test('shares no more than the limit of its cage, which somebody has lowered', async () => {
    const budget = make({ memory: '1G', admit: 'use' });
    budget.cage.setLimits({ memory: '150M' });
    // As it ends, all is looked at.
    await budget.run('true', { memory: '8M' });
    const first = await budget.spawn(...grows('first', 5), { memory: '100M' });
    const second = budget.spawn(...grows('second', 5), { memory: '100M' });
    expect(budget.stats()).toMatchObject({ running: 1, queued: 1 });
    signal('end');
    expect(await first.outcome).toMatchObject({ exitCode: 0 });
    expect(await (await second).outcome).toMatchObject({ exitCode: 0 });
  });

  test('needs the kernel', () => {
    expect(() => make({ memory: '200M', admit: 'use', enforce: 'polled' })).toThrow(withCode('INVALID_ARGUMENT'));
  });
});
