import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createCage, createLauncher, run, spawn, spawnSync } from 'memcage';
import { budgetsClosedAfterEach, eventsOf } from '../../../support/budget/budget-after-each';
import { ALL, fullBudgets } from '../../../support/budget/full-budget';
import { withCode } from '../../../support/error-code';
import { fixtureResult } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { isAlive, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';
import { placeIn, placeOf } from '../../../support/where';

jest.setTimeout(patience(60_000));

const WAIT: [string, string[]] = ['sh', ['-c', 'echo waiting; read -r _; exit 0']];
/** Unlike once(), an 'error' before it does not end the wait. */
const exit = (child: ChildProcess) =>
  new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (...how) => resolve(how));
  });

describeIf('cgroup', 'budget.contain', () => {
  const make = budgetsClosedAfterEach();
  const makeFull = fullBudgets();
  expectNothingLeft(async () => {
    await run('true', { memory: '8M' });
    const warm = createCage({ memory: '50M' });
    await warm.contain(() => exit(childProcess.spawn('true')));
    await warm.close();
  });

  test('starts at once what has room, and the others in their order as it is given back', async () => {
    const budget = make({ memory: '100M' });
    const events = eventsOf(budget);
    const children = budget.contain(() => [1, 2, 3].map(() => childProcess.spawn(...WAIT)), { memory: '60M' });
    expect(budget.stats()).toMatchObject({ running: 1, queued: 2, reservedBytes: 60 << 20 });
    // The launcher waits in the place of the program. Nobody waits for the exec that makes it one.
    const waits = () => children.map(({ pid }) => readlinkSync(`/proc/${pid}/exe`).endsWith('/memcage-exec'));
    await until('launchers wait', () => waits().join() === 'false,true,true');
    for (const child of children) {
      await until('it runs', () => String(child.stdout.read() ?? '').includes('waiting'));
      child.stdin.end();
      expect(await exit(child)).toEqual([0, null]);
    }
    expect(events).toEqual([
      ...['queued 2', 'queued 3', 'started 1', 'ended 1'],
      ...['started 2', 'ended 2', 'started 3', 'ended 3'],
    ]);
    expect(budget.stats()).toMatchObject({ running: 0, queued: 0, reservedBytes: 0, ended: 3, aborted: 0 });
  });

  test('by priority, in a cage with its own limit', async () => {
    const { budget, room } = await makeFull();
    const late = budget.contain(() => childProcess.spawn(...WAIT), ALL);
    const early = budget.contain(() => childProcess.spawn('cat', ['/proc/self/cgroup']), {
      memory: '60M',
      priority: 1,
      key: 'early',
    });
    room.release();
    expect(placeIn(await text(early.stdout))).toMatch(new RegExp(`^${placeOf(budget.cage)}/\\d+$`));
    late.stdin.end();
    await exit(late);
  });

  test('what fn returns, generators and all that comes after an await', async () => {
    const { budget, room, contain } = await makeFull();
    expect(contain(() => 5)).toBe(5);
    const values = contain(function* () {
      yield childProcess.spawn('true');
    });
    const [first] = [...values];
    const second = contain(async () => {
      await Promise.resolve();
      return childProcess.spawn('true');
    });
    const children = [first as ChildProcess, await second];
    expect(budget.stats().queued).toBe(2);
    const ends = children.map(exit);
    room.release();
    expect(await Promise.all(ends)).toEqual([
      [0, null],
      [0, null],
    ]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s ends one that waits, and its place is free', async (signal) => {
    const { budget, room, contain } = await makeFull();
    const events = eventsOf(budget);
    const [killed, next] = contain(() => [childProcess.spawn('sleep', ['60']), childProcess.spawn('true')]);
    const ended = once(budget, 'ended');
    expect(killed?.kill(signal)).toBe(true);
    expect(await exit(killed as ChildProcess)).toEqual([null, signal]);
    expect(await ended).toMatchObject([{ id: 2, outcome: null, error: { code: 'ERR_MEMCAGE_SPAWN' } }]);
    expect(budget.stats()).toMatchObject({ queued: 1, aborted: 1 });
    room.release();
    expect(await exit(next as ChildProcess)).toEqual([0, null]);
    expect(events.slice(0, 3)).toEqual(['queued 2', 'queued 3', 'ended 2']);
    expect(events).not.toContain('started 2');
  });

  test('the options signal and timeout of Node end one that waits', async () => {
    const { budget, contain } = await makeFull();
    const abort = new AbortController();
    const [aborted, late] = contain(() => [
      childProcess.spawn('sleep', ['60'], { signal: abort.signal }),
      childProcess.spawn('sleep', ['60'], { timeout: 50 }),
    ]);
    const error = once(aborted as ChildProcess, 'error');
    const ends = [exit(aborted as ChildProcess), exit(late as ChildProcess)];
    abort.abort();
    expect(await error).toMatchObject([{ name: 'AbortError' }]);
    expect(await Promise.all(ends)).toEqual([
      [null, 'SIGTERM'],
      [null, 'SIGTERM'],
    ]);
    expect(budget.stats()).toMatchObject({ queued: 0, aborted: 2 });
  });

  test('ENOENT at once where it can be seen, without a place in the queue', async () => {
    const { budget, contain } = await makeFull();
    const child = contain(() => childProcess.spawn('no-such-program'));
    expect([child.pid, budget.stats().queued]).toEqual([undefined, 0]);
    expect(await once(child, 'error')).toMatchObject([{ code: 'ENOENT', path: 'no-such-program' }]);
  });

  test('a synchronous function throws where it would have to wait', async () => {
    const { budget, room, contain } = await makeFull();
    const calls = [() => childProcess.execSync('true'), () => spawnSync('true', { memory: '10M' })];
    for (const call of calls) {
      expect(contain(() => thrown(call))).toMatchObject({ code: 'ERR_MEMCAGE_BUSY', message: /an asynchronous one/ });
    }
    expect(budget.stats()).toMatchObject({ queued: 0, running: 1, aborted: 0 });
    room.release();
    expect(contain(() => childProcess.execSync('echo now', { encoding: 'utf8' }))).toBe('now\n');
    expect(contain(() => spawnSync('true', { memory: '10M' })).outcome.memory?.limitBytes).toBe(10 << 20);
    expect(budget.stats()).toMatchObject({ running: 0, reservedBytes: 0, ended: 3 });
  });

  test('a synchronous one is told of with its own times, and starts from a listener, too', async () => {
    const { budget, room } = await makeFull();
    const times: object[] = [];
    budget.on('started', ({ id, waitedMs }) => times.push({ id, waited: waitedMs >= 100 }));
    budget.on('ended', ({ id, durationMs }) => times.push({ id, lasted: (durationMs ?? 0) >= 100 }));
    room.release();
    times.length = 0;
    budget.contain(() => childProcess.execSync('sleep 0.1'), ALL);
    expect(times).toEqual([
      { id: 2, waited: false },
      { id: 2, lasted: true },
    ]);
    const full = await budget.reserve({ memory: '64M' });
    const half = { memory: '32M' } as const;
    const waiting = budget.contain(() => childProcess.spawn(...WAIT), half);
    let said = '';
    budget.once('started', () => {
      said = budget.contain(() => childProcess.execSync('echo within', { encoding: 'utf8' }), half);
    });
    full.release();
    expect(said).toBe('within\n');
    expect(budget.stats()).toMatchObject({ running: 1, ended: 4 });
    waiting.stdin.end();
    await exit(waiting);
  });

  test("memcage's own children are jobs with their own limits, unless they go elsewhere", async () => {
    const budget = make({ memory: '64M' });
    const cage = createCage({ memory: '20M' });
    const contained = budget.contain(
      () => [
        spawn(...WAIT, { memory: '40M' }),
        spawn(...WAIT),
        spawn('true', { cage }),
        spawn('true', { pids: 9, memoryDetails: true }),
      ],
      { memory: '30M' },
    );
    const [own, held, elsewhere, limited] = contained;
    expect(budget.stats()).toMatchObject({ running: 1, queued: 2, reservedBytes: 40 << 20 });
    expect(await elsewhere?.outcome).toMatchObject({ exitCode: 0 });
    own?.stdin?.end();
    expect(await own?.outcome).toMatchObject({ memory: { limitBytes: 40 << 20 } });
    held?.stdin?.end();
    expect(await held?.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: 30 << 20 } });
    expect(await limited?.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: 30 << 20, details: {} } });
    await cage.close();
  });

  test('run() of a child that waits', async () => {
    const { room, contain } = await makeFull();
    const running = contain(() => run('cat', { input: 'in' }));
    const aborted = contain(() => run('cat', { input: 'in', timeout: 50 }));
    await expect(aborted).rejects.toMatchObject(withCode('TIMEOUT'));
    room.release();
    expect((await running).stdout).toBe('in');
  });

  test('exec, execFile and fork through the gate', async () => {
    const { room, contain } = await makeFull();
    const executed = contain(() => promisify(childProcess.exec)('echo $0'));
    const file = contain(() => promisify(childProcess.execFile)('echo', ['file']));
    const forked = contain(() => childProcess.fork(require.resolve('../../../fixtures/ipc-echo.js')));
    forked.send('ping');
    room.release();
    expect((await executed).stdout).toBe('/bin/sh\n');
    expect((await file).stdout).toBe('file\n');
    expect(await once(forked, 'message')).toBeDefined();
    forked.kill();
    expect(await exit(forked)).toEqual([null, 'SIGTERM']);
  });

  test('the innermost contain() counts', async () => {
    const { budget, contain } = await makeFull();
    const cage = createCage({ memory: '20M' });
    const [inner, outer] = [
      contain(() => cage.contain(() => childProcess.spawn('true'))),
      cage.contain(() => contain(() => childProcess.spawn('true'))),
    ];
    expect(await exit(inner)).toEqual([0, null]);
    expect(budget.stats().queued).toBe(1);
    outer.kill();
    await exit(outer);
    await cage.close();
  });

  test('the end of the budget ends those that wait', async () => {
    const { budget, contain } = await makeFull();
    const ended = once(budget, 'ended');
    const child = contain(() => childProcess.spawn('sleep', ['60']));
    const end = exit(child);
    await budget.close();
    expect(await end).toEqual([null, 'SIGKILL']);
    expect(await ended).toMatchObject([{ error: { code: 'ERR_MEMCAGE_CLOSED' } }]);
    expect(thrown(() => contain(() => 1))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
  });

  test('many that wait, within the memory of the budget', async () => {
    const { budget, room } = await makeFull();
    const children = budget.contain(
      () => Array.from({ length: 60 }, () => childProcess.spawn('true', { stdio: 'ignore' })),
      {
        memory: '16M',
      },
    );
    expect(budget.stats()).toMatchObject({ queued: 60, running: 1 });
    const ends = children.map(exit);
    room.release();
    expect(await Promise.all(ends)).toEqual(Array.from({ length: 60 }, () => [0, null]));
    expect(budget.stats()).toMatchObject({ queued: 0, running: 0, reservedBytes: 0, ended: 61, killed: 0 });
  });

  test('no more wait than there may be files, but for run(), which waits without a child', async () => {
    const crowd = { name: 'jobs/budget/crowd.js', within: ['sh', '-c', 'ulimit -n 320; exec "$@"', 'sh'] };
    expect(await fixtureResult(crowd)).toEqual({
      children: 20,
      refused: { code: 'ERR_MEMCAGE_BUSY', message: expect.stringContaining('20 children wait for room') as string },
      ...{ aborted: 'AbortError', queued: 21, codes: [0], said: 'late', limitBytes: 20 << 20 },
    });
  });

  test('what is wrong', () => {
    const budget = make({ memory: '20M' });
    const contain = (options: object) => thrown(() => budget.contain(() => 1, options as never));
    expect(contain({ memory: '30M' })).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    expect(contain({})).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    expect(contain({ memory: '10M', signal: AbortSignal.abort() })).toMatchObject({
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
    });
    expect(thrown(() => budget.contain(5 as never, { memory: '10M' }))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
    });
    expect(budget.contain(() => thrown(() => createLauncher({ memory: '10M' })), { memory: '10M' })).toMatchObject({
      code: 'ERR_MEMCAGE_UNSUPPORTED',
    });
    expect(budget.contain(() => thrown(() => spawn('true', { memory: '30M' })), { memory: '10M' })).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
    });
    expect(budget.stats()).toMatchObject({ running: 0, queued: 0 });
  });

  test('nothing is left of those that wait when their parent process is killed', async () => {
    const word = mark();
    const holder = childProcess.spawn(
      process.execPath,
      [require.resolve('../../../fixtures/jobs/budget/holder.js'), word],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [line] = (await once(holder.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    holder.kill('SIGKILL');
    await exit(holder);
    await until('nothing is left', () => processesWith(word).length === 0 && !pids.some(isAlive));
  });
});
