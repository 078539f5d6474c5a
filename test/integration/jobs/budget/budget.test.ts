import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type JobEndedEvent, type JobStartedEvent, type MemoryLimits, run } from 'memcage';
import { budgetsClosedAfterEach, eventsOf } from '../../../support/budget/budget-after-each';
import { said } from '../../../support/cage-kinds';
import { members } from '../../../support/cgroups/cgroup-tree';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { holding } from '../../../support/processes/holding';
import { mark } from '../../../support/processes/mark';
import { isAlive, processesThatAre } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

/** Ends as its stdin does. */
const WAIT: [string, string[]] = ['sh', ['-c', 'echo waiting; read -r _; exit 0']];

describeIf('cgroup', 'a budget', () => {
  const make = budgetsClosedAfterEach();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('starts what fits, and the rest as room is given back', async () => {
    const budget = make({ memory: '100M' });
    const events = eventsOf(budget);
    const first = await budget.spawn(...WAIT, { memory: '60M' });
    const second = await budget.spawn(...WAIT, { memory: '40M' });
    const third = budget.run('echo', ['third'], { memory: '50M' });
    const fourth = budget.spawn(...WAIT, { memory: '50M', priority: 1 });
    expect(budget.stats()).toMatchObject({
      memoryBytes: 100 << 20,
      reservedBytes: 100 << 20,
      queued: 2,
      running: 2,
      ended: 0,
    });
    expect(budget.stats().longestWaitMs).toBeGreaterThan(0);
    second.stdin.end();
    await second.outcome;
    expect(events).toEqual(['started 1', 'started 2', 'queued 3', 'queued 4', 'ended 2']);
    first.stdin.end();
    // Of a higher priority, though it came later.
    (await fourth).stdin.end();
    expect((await third).stdout).toBe('third\n');
    await until('all have ended', () => budget.stats().ended === 4);
    expect(events.indexOf('started 4')).toBeLessThan(events.indexOf('started 3'));
    expect(budget.stats()).toMatchObject({ reservedBytes: 0, queued: 0, running: 0, aborted: 0, killed: 0 });
  });

  test('lets a smaller job pass', async () => {
    const budget = make({ memory: '100M' });
    const first = await budget.spawn(...WAIT, { memory: '60M' });
    const large = budget.run('echo', ['large'], { memory: '80M' });
    expect((await budget.run('echo', ['small'], { memory: '20M' })).stdout).toBe('small\n');
    expect(budget.stats()).toMatchObject({ queued: 1, running: 1 });
    first.stdin.end();
    expect((await large).stdout).toBe('large\n');
  });

  test('has no more run at a time than it may', async () => {
    const budget = make({ memory: '100M', concurrency: 2 });
    let most = 0;
    budget.on('started', () => {
      most = Math.max(most, budget.stats().running);
    });
    await Promise.all(Array.from({ length: 6 }, () => budget.run('true', { memory: '8M' })));
    expect(most).toBe(2);
  });

  test('tells of each job', async () => {
    const budget = make({ memory: '100M' });
    const started = once(budget, 'started') as Promise<[JobStartedEvent]>;
    const ended = once(budget, 'ended') as Promise<[JobEndedEvent]>;
    const { stdout } = await budget.run('echo', ['hi'], { memory: '8M', key: 'greet', priority: 2 });
    expect(stdout).toBe('hi\n');
    const job = { id: 1, key: 'greet', priority: 2, file: 'echo', memoryBytes: 8 << 20, attempt: 1 };
    const [start] = await started;
    expect(start).toMatchObject(job);
    expect(start.child?.pid).toBeGreaterThan(0);
    const [end] = await ended;
    expect(end).toMatchObject({ ...job, outcome: { exitCode: 0 }, again: null });
    expect(end).toHaveProperty('error', null);
    expect(end.durationMs).toBeGreaterThan(0);
  });

  test('a listener that throws does no harm to it', async () => {
    const { stdout } = await run(process.execPath, [
      require.resolve('../../../fixtures/jobs/budget/throwing-listeners.js'),
    ]);
    expect(JSON.parse(stdout)).toEqual({
      thrown: ['started', 'queued', 'ended', 'started', 'ended'].sort(),
      stats: expect.objectContaining({ running: 0, queued: 0, reservedBytes: 0, ended: 2 }) as object,
    });
  });

  test('keeps the room until all that a job left behind is gone', async () => {
    const budget = make({ memory: '100M' });
    const sleep = mark();
    const child = await budget.spawn('sh', ['-c', `sleep ${sleep} > /dev/null & echo said`], {
      memory: '100M',
      keepDescendants: true,
    });
    await said(child, 'said');
    await child.outcome;
    const waiting = budget.run('echo', ['next'], { memory: '100M' });
    expect(budget.stats()).toMatchObject({ queued: 1, running: 1 });
    const [pid] = await until('it sleeps', () => {
      const found = processesThatAre(`sleep ${sleep}`);
      return found.length === 1 ? found : undefined;
    });
    process.kill(pid ?? 0);
    expect((await waiting).stdout).toBe('next\n');
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  test('gives back the room of a job that can not be started', async () => {
    const budget = make({ memory: '20M' });
    const ended = once(budget, 'ended') as Promise<[JobEndedEvent]>;
    const child = await budget.spawn('no-such-program', { memory: '20M' });
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ENOENT');
    expect(await ended).toMatchObject([{ error: { code: 'ENOENT' }, outcome: { exitCode: null }, durationMs: null }]);
    await expect(budget.run('no-such-program', { memory: '20M' })).rejects.toMatchObject({ code: 'ENOENT' });
    // What Node itself refuses, it refuses once there is room.
    await expect(budget.run('true', { memory: '20M', cwd: 5 as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    await expect(budget.spawn('true', { memory: '20M', cwd: 5 as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    await budget.run('true', { memory: '20M' });
    expect(budget.stats()).toMatchObject({ ended: 5, running: 0, reservedBytes: 0 });
  });

  test("returns what Node's functions do, before they emit anything", async () => {
    const budget = make({ memory: '100M' });
    const child = await budget.spawn('echo', ['spawned'], { memory: '8M' });
    const spawned = jest.fn();
    child.on('spawn', spawned);
    await said(child, 'spawned');
    expect(spawned).toHaveBeenCalledTimes(1);
    const forked = await budget.fork(require.resolve('../../../fixtures/ipc-echo.js'), {
      memory: '100M',
      silent: true,
    });
    forked.send('ping');
    await once(forked, 'message');
    forked.disconnect();
    await forked.outcome;
  });

  test('a job may be detached; it ends with the budget', async () => {
    const budget = make({ memory: '20M' });
    const child = await budget.spawn(...WAIT, { memory: '20M', detached: true });
    await said(child, 'waiting');
    const { path } = child.cage.cgroup;
    await budget.close();
    expect((await child.outcome).signal).toBe('SIGKILL');
    expect(existsSync(path)).toBe(false);
  });

  test('jobs that use all of their limits together are not killed for the limit of the budget', async () => {
    const count = 6;
    const budget = make({ memory: `${count * 20}M` });
    const fill = `
      use strict; $| = 1; my ($file, $limit) = (<STDIN> =~ /(\\S+)/, ${20 << 20});
      open(my $usage, '<', $file) or die $!;
      sub left { seek($usage, 0, 0); $limit - <$usage> }
      my @kept;
      while (left() > 96 << 10) { push @kept, 'x' x 16000 }
      print "full\\n"; <STDIN>;
    `;
    const children = await Promise.all(
      Array.from({ length: count }, () => budget.spawn('perl', ['-e', fill], { memory: '20M' })),
    );
    for (const { stdin, cage } of children) {
      stdin.write(`${cage.cgroup.path}/${cage.cgroup.version === 2 ? 'memory.current' : 'memory.usage_in_bytes'}\n`);
    }
    await Promise.all(children.map((child) => said(child, 'full')));
    expect(budget.stats()).toMatchObject({ reservedBytes: (count * 20) << 20, queued: 0 });
    expect(budget.stats().usedBytes).toBeGreaterThan((count * 19) << 20);
    // What is charged beside them fits between what they share and the hard limit around them.
    const { usageBytes, limitBytes } = budget.cage.cgroup.usage();
    const ofJobs = children.reduce((sum, { cage }) => sum + cage.cgroup.usage().usageBytes, 0);
    expect(limitBytes - ((count * 20) << 20)).toBeGreaterThan(usageBytes - ofJobs);
    for (const { stdin } of children) stdin.end();
    for (const { outcome } of children) expect(await outcome).toMatchObject({ exitCode: 0, oom: null });
    // And one that wants more meets its own.
    const greedy = await budget.spawn(...holding(40), { memory: '20M' });
    expect((await greedy.outcome).oom?.cause).toBe('limit');
    expect(budget.stats().killed).toBe(1);
  });

  test('counts what a job leaves in shared memory', async () => {
    const budget = make({ memory: '60M' });
    const name = `/dev/shm/memcage-${mark()}`;
    const keeper = await budget.spawn(...WAIT, { memory: '20M' });
    try {
      await budget.run('sh', ['-c', `head -c ${20 << 20} /dev/zero > ${name}`], { memory: '30M' });
      const waiting = budget.run('echo', ['later'], { memory: '30M' });
      expect(budget.stats()).toMatchObject({ queued: 1, running: 1 });
      expect((await budget.run('echo', ['small'], { memory: '15M' })).stdout).toBe('small\n');
      expect(budget.stats()).toMatchObject({ queued: 1, running: 1 });
      await run('rm', [name]);
      keeper.stdin.end();
      expect((await waiting).stdout).toBe('later\n');
    } finally {
      await run('rm', ['-f', name]);
    }
  });

  test('an error in the options comes at once, not after the wait', async () => {
    const budget = make({ memory: '20M', pids: 10 });
    const first = await budget.spawn(...WAIT, { memory: '20M' });
    const refused = async (options: object, code: string, text: string): Promise<void> => {
      const starts = [budget.run, budget.spawn, budget.fork];
      for (const start of starts as ((file: string, options: object) => Promise<unknown>)[]) {
        await expect(start('true', options)).rejects.toMatchObject(withCode(code, text));
      }
    };
    await refused({}, 'INVALID_ARGUMENT', 'memory');
    await refused({ memory: 'max' }, 'INVALID_ARGUMENT', 'A job needs a limit of memory');
    await refused({ memory: { swap: 0 } }, 'INVALID_ARGUMENT', 'memory');
    await refused({ memory: '30M' }, 'INVALID_ARGUMENT', 'the job needs 30 MiB, and the whole budget has 20 MiB');
    await refused({ memory: '8M', pids: 11 }, 'INVALID_ARGUMENT', 'the whole budget has 10 processes');
    await refused({ memory: '8M', priority: 'high' }, 'INVALID_ARGUMENT', 'priority');
    await refused({ memory: '8M', key: 5 }, 'INVALID_ARGUMENT', 'key');
    await refused({ memory: '8M', signal: {} }, 'INVALID_ARGUMENT', 'signal');
    await refused({ memory: '8M', cage: budget.cage }, 'UNKNOWN_OPTION', 'cage');
    await refused({ memory: '8M', prioritty: 5 }, 'UNKNOWN_OPTION', "did you mean 'priority'");
    await expect(budget.run('true', { memory: '8M', input: 5 as never })).rejects.toMatchObject(
      withCode('INVALID_ARGUMENT', 'input'),
    );
    await expect(budget.reserve({ memory: '30M' })).rejects.toMatchObject(
      withCode('INVALID_ARGUMENT', 'the whole budget has'),
    );
    await expect(budget.reserve({} as never)).rejects.toMatchObject(withCode('INVALID_ARGUMENT', 'memory'));
    expect(budget.stats()).toMatchObject({ queued: 0, running: 1, aborted: 0 });
    first.stdin.end();
    await first.outcome;
  });

  test('its own options are checked before anything is made', () => {
    const refused = (options: object, code: string, text: string): void =>
      expect(() => make(options as never)).toThrow(withCode(code, text));
    refused({}, 'INVALID_ARGUMENT', 'memory');
    refused({ memory: 'max' }, 'INVALID_ARGUMENT', 'memory');
    refused({ memory: '1G', concurrency: 0 }, 'INVALID_ARGUMENT', 'concurrency');
    refused({ memory: '1G', admit: 'all' }, 'INVALID_ARGUMENT', 'admit');
    refused({ memory: '1G', mem: '1G' }, 'UNKNOWN_OPTION', "did you mean 'memory'");
    refused({ memory: { max: '1G', hihg: 5 } }, 'UNKNOWN_OPTION', 'createBudget');
    refused({ memory: '1G', perChild: {} }, 'UNKNOWN_OPTION', 'perChild');
  });

  test('the cage around all jobs has a little more than they share, and more for many of them', async () => {
    const budget = make({ memory: '200M' });
    const limit = (): number => budget.cage.cgroup.usage().limitBytes;
    const atFirst = limit();
    expect(atFirst).toBeGreaterThan(200 << 20);
    expect(atFirst).toBeLessThan(1.5 * (200 << 20));
    const rooms = await Promise.all(Array.from({ length: 65 }, () => budget.reserve({ memory: '1M' })));
    expect(limit()).toBeGreaterThan(atFirst);
    for (const room of rooms) room.release();
    expect(members(budget.cage.cgroup.path)).toEqual([]);
  });

  test('a limit that somebody gave its cage stays', async () => {
    const budget = make({ memory: '200M' });
    budget.cage.setLimits({ memory: '50M' });
    const rooms = await Promise.all(Array.from({ length: 65 }, () => budget.reserve({ memory: '1M' })));
    expect(budget.cage.cgroup.usage().limitBytes).toBe(50 << 20);
    for (const room of rooms) room.release();
  });

  test('what its caller changes while a job waits changes nothing of it', async () => {
    const budget = make({ memory: '64M' });
    const room = await budget.reserve({ memory: '64M' });
    const args = ['-c', 'echo $0 $WORD', 'first'];
    const env = { ...process.env, WORD: 'word' };
    const memory: MemoryLimits = { max: '20M' };
    const ran = budget.run('sh', args, { memory, env });
    const spawned = budget
      .spawn('sh', args, { memory, env })
      .then(async ({ stdout, outcome }) => [await text(stdout), (await outcome).memory.limitBytes]);
    memory.max = '60M';
    env.WORD = 'other';
    args[2] = 'later';
    room.release();
    expect(await ran).toMatchObject({ stdout: 'first word\n', memory: { limitBytes: 20 << 20 } });
    expect(await spawned).toEqual(['first word\n', 20 << 20]);
  });
});
