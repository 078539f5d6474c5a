import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import {
  type Budget,
  createBudget,
  ExitError,
  LimitError,
  MemoryLimitError,
  type MemoryOption,
  run,
  StallError,
  TimeoutError,
} from 'memcage';
import { type CagedProcessor, type CagedProcessorOptions, cagedProcessor } from 'memcage/bullmq';
import { version } from '../../support/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { hasEnded, isAlive } from '../../support/processes';
import { TestQueue } from '../../support/queue';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';
import { Valkey } from '../../support/valkey';

jest.setTimeout(patience(60_000));

const fixture = (name: string) => join(__dirname, '../../fixtures/bullmq', name);
const FILE = fixture('ends.mjs');
const KILLED = /^ends\.mjs \(pid \d+\) was killed for its memory limit of 64 MiB \(peak .*\)$/;

describeIf(['cgroup', 'valkey-server'], 'a job of a caged processor', () => {
  let valkey: Valkey;
  let count = 0;
  let open: { close(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    valkey = await Valkey.start();
  });
  afterAll(() => valkey.stop());
  afterEach(async () => {
    for (const each of open) await each.close();
    open = [];
  });
  expectNothingLeft(() => run('true', { memory: '8M' }), 20);

  function work(
    options: Partial<CagedProcessorOptions> = {},
    { file = FILE, lockDuration = 30_000, concurrency = 2, autorun = true, drainDelay = 5 } = {},
  ): TestQueue & { processor: CagedProcessor; failures: Map<string, Error> } {
    count += 1;
    const processor = cagedProcessor(file, { memory: '64M', nodeHeap: false, ...options });
    open.push(processor);
    const queue = new TestQueue(valkey, `ends-${count}`);
    open.push(queue);
    const worker = queue.work(processor as never, { lockDuration, concurrency, autorun, drainDelay });
    processor.attach(worker);
    const failures = new Map<string, Error>();
    worker.on('failed', (job, error) => failures.set(job?.id ?? '', error));
    return Object.assign(queue, { processor, failures });
  }

  const running = async (queue: TestQueue, { id = '' }: Job) =>
    until('it runs', async () => ((await queue.queue.getJob(id)) as Job).progress as number);

  test('that eats all fails alone, and is not tried again', async () => {
    const queue = work();
    const [eats, other] = await Promise.all([queue.add('eats', {}, { attempts: 5 }), queue.add('value')]);
    expect(await queue.end(eats)).toMatchObject({
      state: 'failed',
      failedReason: expect.stringMatching(KILLED),
      attemptsMade: 1,
      logs: [],
    });
    expect(await queue.end(other)).toMatchObject({ state: 'completed' });
    const error = queue.failures.get(eats.id ?? '');
    expect(error).toBeInstanceOf(MemoryLimitError);
    expect(error).toMatchObject({ outcome: { oom: { cause: 'limit' } } });
  });

  test('that was killed for memory is done once more with more', async () => {
    const queue = work({ retry: { memory: '200M' } });
    const end = await queue.end(await queue.add('eats some'));
    expect(end).toMatchObject({ state: 'completed', returnvalue: 60 << 20, attemptsMade: 1 });
    expect(end.logs).toEqual([
      expect.stringMatching(/ was killed for its memory limit .*: it is done once more with 200 MiB$/),
    ]);
  });

  test('that was killed twice is not tried again', async () => {
    const queue = work({ retry: { memory: '80M' } });
    const end = await queue.end(await queue.add('eats', {}, { attempts: 5 }));
    expect(end).toMatchObject({
      state: 'failed',
      attemptsMade: 1,
      failedReason: expect.stringContaining('limit of 80 MiB'),
    });
    expect(end.logs.length).toBe(1);
  });

  test('that hangs is ended after its time, and tried as often as its attempts', async () => {
    const queue = work({ timeout: patience(1000), grace: 50, spare: 0 });
    const job = await queue.add('hangs', {}, { attempts: 2 });
    const failedReason = `ends.mjs was not done within ${patience(1000)} ms`;
    expect(await queue.end(job)).toMatchObject({ state: 'failed', attemptsMade: 2, failedReason });
    expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(TimeoutError);
  });

  test('whose processor never ends to load fails after its time', async () => {
    const queue = work({ timeout: 300 }, { file: fixture('endless.mjs') });
    expect(await queue.end(await queue.add('any'))).toMatchObject({
      state: 'failed',
      failedReason: 'endless.mjs was not done within 300 ms',
    });
  });

  testRows(
    'that ends without a word fails with its end',
    [
      ['exits', { code: 3 }, 'ends.mjs ended with exit code 3'],
      ['exits', { code: 0 }, 'ends.mjs ended with exit code 0 before it was done'],
      ['is killed', {}, 'ends.mjs was ended by SIGKILL'],
    ],
    async ([name, data, failedReason]) => {
      const queue = work();
      const job = await queue.add(name as string, data, { attempts: 2 });
      expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason, attemptsMade: 2 });
      expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(ExitError);
    },
  );

  test('has the limits of any child', async () => {
    const queue = work({ cpuTimeMs: 1500, spare: 0 });
    const job = await queue.add('hangs');
    expect(await queue.end(job)).toMatchObject({ failedReason: expect.stringContaining('of processor time') });
    expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(LimitError);
  });

  test('that gets nowhere at its limit is ended', async () => {
    const memory: MemoryOption = version === 1 ? { max: '64M', oomKill: false } : { high: '64M', max: '400M' };
    const queue = work({ memory, stall: { ms: 500, action: 'kill' }, spare: 0 });
    const job = await queue.add('eats');
    const failedReason = expect.stringContaining('its cage had got nowhere because of memory') as unknown;
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason });
    expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(StallError);
  });

  testRows(
    'whose child can not be started fails with the reason',
    [['of the pool'], ['of the budget']],
    async ([whose]) => {
      const budget = createBudget({ memory: '200M', learn: {} });
      open.push(budget);
      const own = whose === 'of the pool' ? {} : { budget, learn: true };
      const queue = work({ spare: 0, cwd: '/nowhere', ...own });
      const failedReason = expect.stringContaining('ENOENT') as unknown;
      expect(await queue.end(await queue.add('value'))).toMatchObject({ state: 'failed', failedReason });
    },
  );

  test('that is cancelled, and does not end, is ended', async () => {
    const queue = work({ grace: 50 });
    const job = await queue.add('computes');
    await running(queue, job);
    queue.worker?.cancelJob(job.id ?? '', 'a reason');
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason: 'ends.mjs was cancelled: a reason' });
  });

  test('that is cancelled as it begins is told so', async () => {
    const { processor } = work({ spare: 0 });
    const controller = new AbortController();
    const name = 'waits until it is told';
    const job = {
      name,
      asJSONSandbox: () => {
        controller.abort('a reason');
        return { name, data: '{}', opts: {} };
      },
      updateProgress: async () => {},
    } as unknown as Job;
    expect(await processor(job, undefined, controller.signal)).toBe('a reason');
  });

  test('leaves no process behind when it is completed', async () => {
    const queue = work();
    const { returnvalue } = await queue.end(await queue.add('leaves'));
    expect(await hasEnded(Number(returnvalue))).toBe(true);
  });

  test('whose lock is lost is ended', async () => {
    const queue = work({}, { lockDuration: 2000 });
    const job = await queue.add('tells its pid and waits');
    const pid = await running(queue, job);
    const client = new Redis(valkey.connection);
    await client.del(`${queue.queue.toKey(job.id ?? '')}:lock`);
    client.disconnect();
    await until('it is ended', () => !isAlive(pid));
    expect(queue.errors.map(({ message }) => message)).toContain(`could not renew lock for job ${job.id}`);
  });

  test('is not ended when another worker of the processor has lost the lock that it had before', async () => {
    const queue = work();
    const other = new TestQueue(valkey, queue.name);
    open.push(other);
    queue.processor.attach(other.work(queue.processor as never, { autorun: false }));
    const job = await queue.add('waits until it is told');
    await running(queue, job);
    other.worker?.emit('lockRenewalFailed', [job.id ?? '']);
    queue.worker?.cancelJob(job.id ?? '', 'enough');
    expect(await queue.end(job)).toMatchObject({ state: 'completed', returnvalue: 'enough' });
  });

  test('is ended with its processor', async () => {
    const queue = work();
    const job = await queue.add('tells its pid and waits');
    const pid = await running(queue, job);
    await queue.processor.close();
    expect(await hasEnded(pid)).toBe(true);
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason: 'The processor is closed' });
    expect(queue.processor.closing).toBe(true);
    expect(() => queue.processor.attach(queue.worker as never)).toThrow('The processor is closed');
  });

  describe('in a budget', () => {
    /** The most jobs that were done at the same time. BullMQ calls one active for some time after its child is gone. */
    function atOnce(times: readonly { from: number; to: number }[]): number {
      return Math.max(...times.map(({ from }) => times.filter((each) => each.from <= from && from < each.to).length));
    }

    function budgetOf(memory: string): Budget {
      const budget = createBudget({ memory });
      open.push(budget);
      return budget;
    }

    const active = async (queue: TestQueue): Promise<number> => queue.queue.getActiveCount();

    test('is fetched only when there is room for it', async () => {
      const budget = budgetOf('200M');
      // A spare child, and two that work.
      const queue = work({ budget }, { concurrency: 10 });
      const jobs = await queue.queue.addBulk(Array.from({ length: 8 }, () => ({ name: 'waits', data: { ms: 200 } })));
      const ends = await Promise.all(jobs.map((job) => queue.end(job)));
      expect(ends.filter(({ state }) => state === 'completed').length).toBe(8);
      expect(atOnce(ends.map(({ returnvalue }) => returnvalue as { from: number; to: number }))).toBeLessThanOrEqual(2);
      // The room of the spare child, and that of the next job.
      await until('the rest is given back', () => budget.stats().running === 2);
      await queue.close();
      await queue.processor.close();
      expect(budget.stats()).toMatchObject({ running: 0, queued: 0, reservedBytes: 0 });
    });

    test('stays in the queue while others have the room', async () => {
      const budget = budgetOf('100M');
      const room = await budget.reserve({ memory: '50M' });
      const queue = work({ budget, spare: 0 });
      const job = await queue.add('value');
      await until('the worker is ready', () => budget.stats().queued === 1);
      await queue.worker?.waitUntilReady();
      expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
      room.release();
      expect(await queue.end(job)).toMatchObject({ state: 'completed' });
    });

    test('gets the room of a worker that has nothing to do', async () => {
      const budget = budgetOf('100M');
      const one = work({ budget, spare: 0 });
      await until('it holds the room', () => budget.stats().running === 1);
      const other = work({ budget, spare: 0 });
      expect(await other.end(await other.add('value'))).toMatchObject({ state: 'completed' });
      expect(await one.end(await one.add('value'))).toMatchObject({ state: 'completed' });
    });

    test('gets the room of a worker sooner that has had nothing to do for long', async () => {
      const budget = budgetOf('100M');
      work({ budget, spare: 0 });
      const waits: number[] = [];
      for (let round = 0; round < 5; round++) {
        await until('it holds the room', () => budget.stats().running === 1);
        const from = performance.now();
        (await budget.reserve({ memory: '64M' })).release();
        waits.push(performance.now() - from);
      }
      const [first = 0, ...later] = waits;
      expect(later.reduce((sum, ms) => sum + ms, 0) / later.length).toBeLessThan(first / 2);
    });

    test('is left in the queue by a worker that gave its room away while it waited for a job', async () => {
      const budget = budgetOf('100M');
      const queue = work({ budget, spare: 0 }, { drainDelay: 600 });
      const worker = queue.worker as Worker;
      await once(worker, 'drained');
      const room = await budget.reserve({ memory: '64M' });
      const fetched = once(worker, 'active');
      const job = await queue.add('value', {}, { attempts: 2 });
      await fetched;
      await until('it is back', async () => (await queue.queue.getJobState(job.id ?? '')) === 'waiting');
      await sleep(200);
      expect(await active(queue)).toBe(0);
      room.release();
      expect(await queue.end(job)).toMatchObject({ state: 'completed', attemptsMade: 1, attemptsStarted: 2 });
      expect(queue.errors).toEqual([]);
    });

    test('is left in the queue by a worker whose budget was closed before it', async () => {
      const budget = budgetOf('100M');
      const queue = work({ budget, spare: 0 }, { drainDelay: 600 });
      await once(queue.worker as Worker, 'drained');
      await budget.close();
      const fetched = once(queue.worker as Worker, 'active');
      await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
      await fetched;
      await until('no job is active', async () => (await active(queue)) === 0);
      await sleep(200);
      expect(await queue.queue.getJobCounts('waiting', 'failed')).toEqual({ waiting: 3, failed: 0 });
    });

    test('is left in the queue by a worker whose processor was closed before it', async () => {
      const queue = work({ budget: budgetOf('100M'), spare: 0 });
      await once(queue.worker as Worker, 'drained');
      await queue.processor.close();
      await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
      await sleep(500);
      // BullMQ's wait for a job may have gone on: it gives the worker one, which the processor refuses.
      expect((await queue.queue.getJobCounts('failed'))['failed']).toBeLessThanOrEqual(1);
      expect(queue.worker?.isPaused()).toBe(true);
    });

    test('waits for room for more, if it is done once more', async () => {
      const budget = budgetOf('300M');
      const queue = work({ budget, spare: 0, retry: { memory: '200M' } }, { concurrency: 4 });
      const jobs = await Promise.all(Array.from({ length: 3 }, () => queue.add('eats some')));
      for (const job of jobs) expect(await queue.end(job)).toMatchObject({ state: 'completed', attemptsMade: 1 });
    });

    test('has the limit that was learned, and is done once more if that was too little', async () => {
      const budget = createBudget({ memory: '400M', learn: { floor: '32M' } });
      open.push(budget);
      const limits: number[] = [];
      budget.on('started', ({ key, memoryBytes }) => {
        if (key === 'all') limits.push(memoryBytes);
      });
      const queue = work({ budget, memory: '200M', learn: () => 'all' }, { concurrency: 1 });
      for (const name of ['value', 'value', 'eats some']) {
        const end = await queue.end(await queue.add(name));
        expect(end).toMatchObject({ state: 'completed', attemptsMade: 1 });
        expect(end.logs.length).toBe(name === 'value' ? 0 : 1);
      }
      const [first, second = 0, third = 0] = limits;
      expect(first).toBe(200 << 20);
      expect(Math.max(second, third)).toBeLessThan(100 << 20);
      expect(Math.min(second, third)).toBeGreaterThanOrEqual(32 << 20);
      expect(limits.length).toBe(3);
    });

    test('waits while its worker is paused by its owner, whatever room there is', async () => {
      const budget = budgetOf('100M');
      const queue = work({ budget, spare: 0 });
      await queue.worker?.pause(true);
      // The worker gives up the room that it holds, and gets it back.
      const room = await budget.reserve({ memory: '64M' });
      await until('it waits for room', () => budget.stats().queued === 1);
      const job = await queue.add('value');
      room.release();
      await until('it has room', () => budget.stats().queued === 0 && budget.stats().running === 1);
      await sleep(300);
      expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
      expect(queue.worker?.isPaused()).toBe(true);
      await queue.worker?.resume();
      expect(await queue.end(job)).toMatchObject({ state: 'completed' });
    });

    test('is not fetched by a worker that its owner resumes while there is no room', async () => {
      const budget = budgetOf('100M');
      const queue = work({ budget, spare: 0 });
      await queue.worker?.pause(true);
      const room = await budget.reserve({ memory: '64M' });
      await until('it waits for room', () => budget.stats().queued === 1);
      await queue.worker?.resume();
      const job = await queue.add('value');
      await sleep(300);
      expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
      room.release();
      expect(await queue.end(job)).toMatchObject({ state: 'completed' });
    });

    test('is one of as many as the owner of the worker says later', async () => {
      const budget = budgetOf('400M');
      const queue = work({ budget, spare: 0, grace: 50 }, { concurrency: 1 });
      const worker = queue.worker as Worker;
      const [first, second] = [await queue.add('tells its pid and waits'), await queue.add('tells its pid and waits')];
      await running(queue, first);
      expect(await active(queue)).toBe(1);
      worker.concurrency = 2;
      await running(queue, second);
      expect(worker.concurrency).toBe(2);
      worker.concurrency = 1;
      expect(worker.concurrency).toBe(1);
      expect(() => {
        worker.concurrency = 0;
      }).toThrow('concurrency must be');
      const rest = await queue.queue.addBulk(Array.from({ length: 4 }, () => ({ name: 'waits', data: { ms: 100 } })));
      for (const { id = '' } of [first, second]) worker.cancelJob(id);
      const ends = await Promise.all(rest.map((job) => queue.end(job)));
      expect(atOnce(ends.map(({ returnvalue }) => returnvalue as { from: number; to: number }))).toBe(1);
    });

    test('is not kept by a worker that starts while there is no room', async () => {
      const budget = budgetOf('100M');
      const room = await budget.reserve({ memory: '64M' });
      const queue = work({ budget, spare: 0 }, { concurrency: 10, autorun: false });
      const jobs = await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
      const fetched = once(queue.worker as Worker, 'active');
      const over = queue.worker?.run();
      await fetched;
      await until('it is back', async () => (await queue.queue.getWaitingCount()) === 3);
      await sleep(200);
      expect(await active(queue)).toBe(0);
      room.release();
      for (const job of jobs) expect(await queue.end(job)).toMatchObject({ state: 'completed' });
      await queue.worker?.close();
      await over;
    });

    test('that could never have room beside the spare children is refused', async () => {
      const budget = budgetOf('150M');
      const one = cagedProcessor(FILE, { memory: '64M', budget });
      open.push(one);
      expect(thrown(() => cagedProcessor(FILE, { memory: '64M', budget })).message).toContain(
        'a job of 64 MiB and the spare children of all 2 processors, 128 MiB, fit into the budget of 150 MiB',
      );
      const larger = { memory: '64M', budget, spare: 0 } as const;
      expect(thrown(() => cagedProcessor(FILE, { ...larger, memory: '100M' })).message).toContain('a job of 100 MiB');
      const retry = { memory: '100M' } as const;
      expect(thrown(() => cagedProcessor(FILE, { memory: '64M', budget, retry })).message).toMatch(
        /a job done once more and 1 spare children .* for retry.memory/,
      );
      await one.close();
      open.push(cagedProcessor(FILE, { ...larger, memory: '100M' }));
    });

    test('that needs more than it has is refused', () => {
      const budget = budgetOf('100M');
      const retry = { memory: '200M' } as const;
      expect(thrown(() => cagedProcessor(FILE, { memory: '64M', spare: 0, budget, retry })).message).toContain(
        'Expected at most the 100 MiB of the budget for retry.memory',
      );
      expect(thrown(() => cagedProcessor(FILE, { memory: '64M', budget }))).toMatchObject({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringContaining('so that a job and 1 spare children fit into the budget of 100 MiB'),
      });
    });
  });

  testRows(
    'refuses options that are wrong',
    [
      [{ memory: undefined }, "Expected the limit of a job, such as '200M' for memory but received undefined"],
      [{ grace: -1 }, 'Expected a number of milliseconds, from 0 to 2147483647 for grace but received -1'],
      [{ timeout: '1s' }, 'for timeout but received'],
      [{ retry: { memory: '32M' } }, 'Expected more than memory, which is 64 MiB for retry.memory but received'],
      [{ retry: { mem: '32M' } }, 'Expected an object with memory'],
      [{ learn: true }, 'Expected a budget with learn (learn needs it) for budget but received undefined'],
      [{ learn: 'name' }, 'Expected true or a function for learn'],
      [{ budget: {} }, 'Expected what createBudget() returns for budget'],
      [{ detached: true }, 'for detached but received true'],
      [{ keepDescendants: true }, 'for keepDescendants but received true'],
      [{ graceMs: 5 }, "Unknown option 'graceMs' of cagedProcessor: did you mean 'grace'?"],
      [{ uses: 2 }, 'Expected no value (each job has a child of its own) for uses but received 2'],
      [{ concurrencyy: 2 }, "Unknown option 'concurrencyy' of cagedProcessor: cagedProcessor has budget, learn, "],
      [{ memorry: 2 }, "Unknown option 'memorry' of cagedProcessor: did you mean 'memory'?"],
    ],
    ([options, message]) => {
      const error = thrown(() => cagedProcessor(FILE, { memory: '64M', ...(options as object) }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(message);
    },
  );

  test('refuses a file that is not there', () => {
    expect(thrown(() => cagedProcessor('nowhere', { memory: '64M' })).message).toMatch(
      /a file that exists for file .*nowhere\.js/,
    );
    expect(thrown(() => cagedProcessor(new URL('https://example.com/'), { memory: '64M' })).message).toContain(
      'file: URL',
    );
  });
});
