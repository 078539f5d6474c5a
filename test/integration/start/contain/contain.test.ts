import childProcess, { type ChildProcess, spawnSync as importedSpawnSync } from 'node:child_process';
import cluster from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Cage, createCage, exec, execFile, fork, type OomEvent, run, spawn, spawnSync } from 'memcage';
import { follow } from '../../../support/children/child-record';
import { closedAfterEach } from '../../../support/closed-after-each';
import { withCode } from '../../../support/error-code';
import { fixtureResult } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { holding } from '../../../support/processes/holding';
import { hasEnded } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';
import { placeIn, placeOf, whereStarted } from '../../../support/where';

jest.setTimeout(patience(60_000));

const WHERE = resolve(__dirname, '../../../fixtures/start/api/where.js');

/**
 * Allocates memory until it is killed. It does so in one go: a loop that stops at the limit again and again drops its
 * program's own pages each time, which can go on for minutes in a guest.
 */
const GREEDY: [string, string[]] = ['perl', ['-e', 'my $kept = "x" x (1 << 30)']];

describeIf('cgroup', 'cage.contain', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const make = closedAfterEach();
  expectNothingLeft(async () => {
    const warm = createCage({ memory: '50M' });
    await warm.contain(() => follow(childProcess.spawn('true')));
    await warm.close();
    await run('true', [], { memory: '10M' });
  });

  const isIn = (cage: Cage) => expect.stringMatching(new RegExp(`^${placeOf(cage)}/leaf-\\d+$`)) as string;
  const isCageIn = (cage: Cage) => expect.stringMatching(new RegExp(`^${placeOf(cage)}/\\d+$`)) as string;

  test('returns what fn returns, and throws what it throws', async () => {
    const cage = make('50M');
    expect(cage.contain(() => 5)).toBe(5);
    const promise = Promise.resolve(6);
    expect(cage.contain(() => promise)).toBe(promise);
    expect(() =>
      cage.contain(() => {
        throw new RangeError('x');
      }),
    ).toThrow(RangeError);
    expect(() => cage.contain(5 as never)).toThrow(withCode('INVALID_ARGUMENT'));
    expect(() => cage.contain(promise as never)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/not a promise: .*Cure: contain\(\(\) => /) as string }),
    );
    expect(await whereStarted()).toBe('');
  });

  test('concurrent cages: each child is in that of its context, and outside none is', async () => {
    const all = [make('50M'), make('60M'), make('70M')];
    const starts = Array.from({ length: 12 }, async (_, index) => {
      const cage = all[index % 4];
      await sleep(index % 3);
      if (cage === undefined) return expect(await whereStarted()).toBe('');
      return cage.contain(async () => {
        expect(await whereStarted()).toEqual(isIn(cage));
        await sleep(index % 5);
        expect(await whereStarted()).toEqual(isIn(cage));
      });
    });
    await Promise.all(starts);
  });

  test('every function of child_process, and what they start', async () => {
    const cage = make('100M');
    await cage.contain(async () => {
      const { stdout } = await promisify(childProcess.exec)('cat /proc/self/cgroup; sh -c "cat /proc/self/cgroup"');
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => placeIn(line))
          .filter((place) => place !== ''),
      ).toEqual(expect.arrayContaining([isIn(cage), isIn(cage)]));
      const forked = childProcess.fork(WHERE);
      expect(placeIn(String((await once(forked, 'message'))[0]))).toEqual(isIn(cage));
      await once(forked, 'exit');
      const spawned = childProcess.spawn('cat', ['/proc/self/cgroup'], { detached: true });
      expect(spawned).toBeInstanceOf(childProcess.ChildProcess);
      expect(placeIn(await text(spawned.stdout))).toEqual(isIn(cage));
      expect([Object.hasOwn(spawned, 'cage'), Object.hasOwn(spawned, 'spawn')]).toEqual([false, false]);
    });
  });

  test('a worker of cluster', async () => {
    const cage = make('100M');
    cluster.setupPrimary({ exec: WHERE });
    const worker = cage.contain(() => cluster.fork());
    expect(placeIn(String((await once(worker, 'message'))[0]))).toEqual(isIn(cage));
    await once(worker, 'exit');
  });

  test('timers, event emitters, generators, microtasks and promises that outlive fn', async () => {
    const cage = make('50M');
    const places: Promise<string>[] = [];
    const emitter = new EventEmitter();
    async function* generator(): AsyncGenerator<string> {
      yield await whereStarted();
      await sleep(1);
      yield await whereStarted();
    }
    const generated: string[] = [];
    const late = cage.contain(async () => {
      setTimeout(() => places.push(whereStarted()), 5);
      setImmediate(() => places.push(whereStarted()));
      process.nextTick(() => places.push(whereStarted()));
      queueMicrotask(() => places.push(whereStarted()));
      emitter.on('start', () => places.push(whereStarted()));
      emitter.emit('start');
      for await (const place of generator()) generated.push(place);
      await sleep(10);
      return whereStarted();
    });
    expect(await late).toEqual(isIn(cage));
    expect(await Promise.all(places)).toEqual(Array(5).fill(isIn(cage)));
    expect(generated).toEqual([isIn(cage), isIn(cage)]);
    // As everywhere in Node, the context of the emitter counts.
    places.length = 0;
    emitter.emit('start');
    expect(await Promise.all(places)).toEqual(['']);
  });

  test('worker threads have their own contexts', async () => {
    expect(await fixtureResult('start/api/contained-worker.js')).toEqual({
      own: { contained: true, outside: false },
      started: false,
      below: true,
    });
  });

  test('after close() a start in the context throws, and the program does not run', async () => {
    const mark = join(directory, 'ran');
    const cage = make('50M');
    const attempts = cage.contain(async () => {
      await sleep(20);
      const starts: (() => unknown)[] = [
        () => childProcess.spawn('touch', [mark]),
        () => childProcess.execFile('touch', [mark]),
        () => childProcess.exec(`touch ${mark}`),
        () => childProcess.fork(mark),
        () => childProcess.spawnSync('touch', [mark]),
        () => childProcess.execSync(`touch ${mark}`),
        () => spawn('touch', [mark]),
        () => spawn('touch', [mark], { memory: '10M' }),
        () => createCage({ memory: '10M' }),
      ];
      return starts.map((start) => thrown(start).code);
    });
    const closed = cage.close();
    expect(await attempts).toEqual(Array(9).fill('ERR_MEMCAGE_CLOSED'));
    await closed;
    expect(() => cage.contain(() => {})).toThrow(withCode('CLOSED'));
    await sleep(patience(50));
    expect(existsSync(mark)).toBe(false);
  });

  describe('the synchronous functions', () => {
    const look: [string, () => string][] = [
      ['spawnSync', () => String(childProcess.spawnSync('cat', ['/proc/self/cgroup']).stdout)],
      ['execSync', () => String(childProcess.execSync('cat /proc/self/cgroup'))],
      ['execFileSync', () => String(childProcess.execFileSync('cat', ['/proc/self/cgroup']))],
      ['spawnSync of an import', () => String(importedSpawnSync('cat', ['/proc/self/cgroup']).stdout)],
    ];

    testRows(
      'start in the innermost cage, and outside in none',
      look,
      async ([, call]) => {
        const outer = make('100M');
        await outer.contain(async () => {
          expect(placeIn(call())).toEqual(isIn(outer));
          const inner = make('50M');
          expect(inner.contain(() => placeIn(call()))).toEqual(isIn(inner));
          await sleep(5);
          expect(placeIn(call())).toEqual(isIn(outer));
        });
        expect(placeIn(call())).toBe('');
      },
      { limitMs: 60_000 },
    );

    test('and what the child starts itself', () => {
      const cage = make('50M');
      const { stdout } = cage.contain(() => childProcess.spawnSync('sh', ['-c', 'cat /proc/self/cgroup & wait']));
      expect(placeIn(String(stdout))).toEqual(isIn(cage));
    });

    test('an OOM kill is an event of the cage, and Node’s result says what it is to know', async () => {
      const cage = make('30M');
      const event = once(cage, 'oom') as Promise<[OomEvent]>;
      const result = cage.contain(() => childProcess.spawnSync(...GREEDY, { stdio: 'ignore' }));
      expect(result).toMatchObject({ status: null, signal: 'SIGKILL' });
      expect(result).not.toHaveProperty('outcome');
      expect((await event)[0]).toMatchObject({ kills: 1, cause: 'limit' });
    });

    test('leave nothing running', async () => {
      const cage = make('50M');
      const { stdout } = cage.contain(() =>
        childProcess.spawnSync('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $!']),
      );
      expect(await hasEnded(Number(stdout))).toBe(true);
    });

    test('children of both kinds at once', async () => {
      const cage = make('100M');
      await cage.contain(async () => {
        const running = childProcess.spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
        expect(childProcess.spawnSync('true').status).toBe(0);
        const output = text(running.stdout);
        running.stdin.end('through');
        expect(await output).toBe('through');
      });
    });

    test('where they can’t be intercepted contain() throws', () => {
      const binding = (process as unknown as { binding(name: string): { spawn: unknown } }).binding('spawn_sync');
      const { spawn: before } = binding;
      const cage = make('50M');
      cage.contain(() => {});
      const inside = jest.fn();
      try {
        binding.spawn = () => ({ status: 0 });
        expect(() => cage.contain(inside)).toThrow(withCode('UNSUPPORTED_NODE'));
        expect(inside).not.toHaveBeenCalled();
      } finally {
        binding.spawn = before;
      }
      cage.contain(inside);
      expect(inside).toHaveBeenCalledTimes(1);
    });
  });

  test('errors of the start are Node’s', async () => {
    const cage = make('50M');
    const outside = await follow(childProcess.spawn('/no/such/file', ['x']));
    expect((await cage.contain(() => follow(childProcess.spawn('/no/such/file', ['x'])))).events).toEqual(
      outside.events,
    );
  });

  test('an OOM kill of a contained child is an event of the cage', async () => {
    const cage = make('30M');
    const event = once(cage, 'oom') as Promise<[OomEvent]>;
    const child = cage.contain(() => childProcess.spawn(...GREEDY, { stdio: 'ignore' }));
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    expect((await event)[0]).toMatchObject({ kills: 1, totalKills: 1, cause: 'limit' });
  });

  test('close() ends contained children', async () => {
    const cage = make('50M');
    const child = cage.contain(() => childProcess.spawn('sleep', ['1000'], { stdio: 'ignore', detached: true }));
    const ended = once(child, 'exit');
    await cage.close();
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  describe('memcage inside', () => {
    const start: [string, () => ChildProcess & { cage: unknown }][] = [
      ['spawn', () => spawn('true')],
      ['execFile', () => execFile('true')],
      ['exec', () => exec('true')],
      ['fork', () => fork(WHERE)],
    ];
    testRows(
      'a function without memory is in the cage',
      start,
      async ([, call]) => {
        const cage = make('100M');
        const child = cage.contain(call);
        await once(child, 'close');
        expect(child.cage).toBe(cage);
      },
      { limitMs: 60_000 },
    );

    test('with memory it has a cage within the cage', async () => {
      const cage = make('100M');
      const child = cage.contain(() => spawn('cat', ['/proc/self/cgroup'], { memory: '20M' }));
      expect(child.cage).not.toBe(cage);
      expect(placeOf(child.cage)).toEqual(isCageIn(cage));
      expect(placeIn(await text(child.stdout))).toBe(placeOf(child.cage));
      expect(await child.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: 20 << 20 } });
      expect(child.cage.closed).toBe(true);
    });

    test('spawnSync of memcage', () => {
      const cage = make('100M');
      const look = (options: object) => spawnSync('cat', ['/proc/self/cgroup'], { ...options, encoding: 'utf8' });
      cage.contain(() => {
        const plain = look({});
        expect([placeIn(String(plain.stdout)), plain.outcome.memory?.limitBytes]).toEqual([isIn(cage), 100 << 20]);
        const nested = look({ memory: '20M' });
        expect([placeIn(String(nested.stdout)), nested.outcome.memory?.limitBytes]).toEqual([isCageIn(cage), 20 << 20]);
      });
    });

    test('run, and a cage or a parent that is given', async () => {
      const cage = make('100M');
      const other = make('50M');
      await cage.contain(async () => {
        const { stdout, memory } = await run('cat', ['/proc/self/cgroup']);
        expect([placeIn(stdout), memory?.limitBytes]).toEqual([isIn(cage), 100 << 20]);
        expect(placeIn((await run('cat', ['/proc/self/cgroup'], { cage: other })).stdout)).toEqual(isIn(other));
      });
    });

    test('both limits count, and both cages tell of a kill', async () => {
      const outer = make('60M');
      const events: [string, OomEvent][] = [];
      outer.on('oom', (event) => events.push(['outer', event]));
      const child = outer.contain(() => spawn(...GREEDY, { memory: '20M', stdio: 'ignore' }));
      child.cage.on('oom', (event) => events.push(['inner', event]));
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: { kills: 1 } });
      await until('both events', () => events.length === 2);
      expect(Object.fromEntries(events)).toMatchObject({
        outer: { kills: 1, totalKills: 1 },
        inner: { kills: 1, totalKills: 1 },
      });
      const wide = outer.contain(() => spawn(...GREEDY, { memory: '500M', stdio: 'ignore' }));
      expect(await wide.outcome).toMatchObject({ signal: 'SIGKILL', oom: { kills: 1 } });
      await until('the event of the outer one', () => events.some(([, { totalKills }]) => totalKills === 2));
    });
  });

  describe('nested cages', () => {
    test('one that is made inside is a child cgroup, and the innermost contain counts', async () => {
      const outer = make('100M');
      await outer.contain(async () => {
        const inner = make('50M');
        expect(placeOf(inner)).toEqual(isCageIn(outer));
        expect(await inner.contain(whereStarted)).toEqual(isIn(inner));
        expect(await whereStarted()).toEqual(isIn(outer));
        expect(placeIn((await inner.run('cat', ['/proc/self/cgroup'])).stdout)).toEqual(isIn(inner));
        expect(inner.cgroup.limits().max).toBe(50 << 20);
        await inner.close();
        expect(await whereStarted()).toEqual(isIn(outer));
      });
    });

    test('one that was made outside is not moved', async () => {
      const outer = make('100M');
      const other = make('50M');
      expect(await outer.contain(() => other.contain(whereStarted))).toEqual(isIn(other));
    });

    test('closing the outer one closes the inner ones', async () => {
      const outer = make('200M');
      const { inner, children } = outer.contain(() => {
        const innermost = make('100M');
        return {
          inner: innermost,
          children: [
            innermost.contain(() => childProcess.spawn(...holding(5), { stdio: ['pipe', 'ignore', 'inherit'] })),
            spawn('sleep', ['1000'], { memory: '20M', stdio: 'ignore', detached: true }),
            childProcess.spawn('sleep', ['1000'], { stdio: 'ignore' }),
          ],
        };
      });
      const closed = jest.fn();
      inner.on('close', closed);
      const ends = children.map((child) => once(child, 'exit'));
      await outer.close();
      expect(await Promise.all(ends)).toEqual(Array(3).fill([null, 'SIGKILL']));
      expect(closed).toHaveBeenCalledTimes(1);
      expect([inner.closed, existsSync(inner.cgroup.path), existsSync(outer.cgroup.path)]).toEqual([
        true,
        false,
        false,
      ]);
      await inner.close();
    });

    test('a kill in the inner one is told once by each', async () => {
      const outer = make('100M');
      const inner = outer.contain(() => make('30M'));
      const events: [string, number][] = [];
      outer.on('oom', ({ totalKills }) => events.push(['outer', totalKills]));
      inner.on('oom', ({ totalKills }) => events.push(['inner', totalKills]));
      const outcome = await inner.spawn(...GREEDY, { stdio: 'ignore' }).outcome;
      expect(outcome.oom).toMatchObject({ kills: 1 });
      await until('both events', () => events.length >= 2);
      await inner.close();
      await sleep(patience(20));
      expect(events.sort()).toEqual([
        ['inner', 1],
        ['outer', 1],
      ]);
    });
  });
});
