import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createBudget, run } from 'memcage';
import { createProcessor, type Processor } from 'memcage/bullmq';
import { type JobRecord, TestQueue } from '../../../support/bullmq/queue';
import { Valkey } from '../../../support/bullmq/valkey';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const FILE = join(__dirname, '../../../fixtures/programs/bullmq/parity.mjs');
const LIMITS = { memory: '200M' } as const;

/** Jobs by their names, with their options. */
const JOBS = [
  ['value'],
  ['nothing'],
  ['late'],
  ['surroundings', { some: 'data' }],
  ['token'],
  ['progress'],
  ['logs'],
  ['data'],
  ['throws', {}, { attempts: 2 }],
  ['rejects'],
  ['unrecoverable', {}, { attempts: 3 }],
  ['delayed'],
  ['waiting'],
  ['limited'],
] as const;

describeIf(['cgroup', 'host', 'valkey-server'], "a caged processor does what BullMQ's own sandbox does", () => {
  let valkey: Valkey;
  let count = 0;
  let open: TestQueue[] = [];
  beforeAll(async () => {
    valkey = await Valkey.start();
  });
  afterAll(() => valkey.stop());
  afterEach(async () => {
    for (const each of open) await each.close();
    open = [];
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function queue(): TestQueue {
    count += 1;
    const made = new TestQueue(valkey, `parity-${count}`);
    open.push(made);
    return made;
  }

  /** Does the same with a caged processor and with BullMQ's own, and returns what came of either. */
  async function both<T>(act: (queue: TestQueue) => Promise<T>): Promise<{ caged: T; own: T }> {
    await using processor = createProcessor(FILE, LIMITS);
    const results = [processor as Processor, FILE].map(async (each) => {
      const made = queue();
      made.work(each as never);
      const result = await act(made);
      await made.worker?.close();
      return result;
    });
    const [caged, own] = await Promise.all(results);
    return { caged: caged as T, own: own as T };
  }

  test('with values, errors, progress, logs, data, and errors that move the job', async () => {
    const { caged, own } = await both(async (made) => {
      const jobs = await Promise.all(JOBS.map(([name, data, options]) => made.add(name, data, options)));
      const ends = await Promise.all(jobs.map((job) => made.end(job)));
      return Object.fromEntries(ends.map((end, index) => [JOBS[index]?.[0], end])) as Record<string, JobRecord>;
    });
    expect(caged).toEqual(own);
    // BullMQ does what it says.
    expect(own).toMatchObject({
      value: { state: 'completed', returnvalue: { text: 'x', list: [1, null], nested: { a: 1.5 } } },
      surroundings: { returnvalue: { args: [], ipc: 'function', data: { some: 'data' } } },
      progress: { progress: { step: 'two' } },
      logs: { logs: ['one', 'two', 'three'] },
      throws: { state: 'failed', failedReason: 'wrong', attemptsMade: 2 },
      unrecoverable: { state: 'failed', attemptsMade: 1 },
      delayed: { state: 'completed', returnvalue: 'again, with data', attemptsStarted: 2 },
      limited: { state: 'completed', attemptsStarted: 2 },
    });
  });

  // Alone: BullMQ may give the next job to a child that is about to end.
  test('with an exception that nothing catches', async () => {
    const { caged, own } = await both(async (made) => made.end(await made.add('uncaught')));
    expect(caged).toEqual(own);
    expect(own).toMatchObject({ state: 'failed', failedReason: 'not caught' });
  });

  test('with children of a flow', async () => {
    const { caged, own } = await both(async (made) => {
      const queueName = made.name;
      const child = (value: number) => ({ name: 'child', queueName, data: { value } });
      const { job } = await made.flows.add({ name: 'parent', queueName, children: [child(1), child(2)] });
      return made.end(job);
    });
    expect(caged).toEqual(own);
    expect(own.state).toBe('completed');
  });

  test('with a job that is cancelled, and ends by itself', async () => {
    const { caged, own } = await both(async (made) => {
      const jobs = await Promise.all(['cancelled', 'cancelled, and fails'].map((name) => made.add(name)));
      for (const { id = '' } of jobs) {
        await until('it waits', async () => (await made.queue.getJob(id))?.progress === 'waits');
        made.worker?.cancelJob(id, 'a reason');
      }
      return Promise.all(jobs.map((job) => made.end(job)));
    });
    expect(caged).toEqual(own);
    expect(own).toMatchObject([{ returnvalue: 'cancelled: a reason' }, { failedReason: 'a reason' }]);
  });

  test('and writes what a child writes', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((chunk) => {
        written.push(String(chunk).trim());
        return true;
      }),
    );
    try {
      await both(async (made) => made.end(await made.add('output')));
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(written.filter((text) => text.startsWith('to ')).sort()).toEqual([
      'to stderr',
      'to stderr',
      'to stdout',
      'to stdout',
    ]);
  });

  test('with an error of the processor file as the reason, if it can not be loaded', async () => {
    const broken = join(__dirname, '../../../fixtures/programs/bullmq/broken.mjs');
    const log = jest.spyOn(console, 'error').mockImplementation(() => {});
    const ends = await Promise.all(
      [createProcessor(broken, LIMITS), broken].map(async (each) => {
        const made = queue();
        made.work(each as never);
        const end = await made.end(await made.add('any', {}, { attempts: 2 }));
        if (typeof each !== 'string') await each.close();
        return end;
      }),
    );
    log.mockRestore();
    expect(ends[0]).toEqual(ends[1]);
    expect(ends[0]).toMatchObject({ state: 'failed', failedReason: 'this file is broken', attemptsMade: 2 });
  });

  test.each([
    ['a URL', pathToFileURL(FILE)],
    ['a path relative to here, without .js', 'test/fixtures/programs/bullmq/plain'],
    ['TypeScript by a loader', join(__dirname, '../../../fixtures/programs/bullmq/typed.ts')],
  ])('given as %s', async (_, file) => {
    const loader = pathToFileURL(join(__dirname, '../../../fixtures/programs/bullmq/typescript.mjs'));
    await using processor = createProcessor(file, { ...LIMITS, spare: 0, execArgv: ['--import', loader.href] });
    const made = queue();
    made.work(processor as never);
    expect(await made.end(await made.add('value'))).toMatchObject({ state: 'completed' });
    await made.worker?.close();
  });

  test('in a budget too', async () => {
    await using budget = createBudget({ memory: '600M' });
    await using processor = createProcessor(FILE, { ...LIMITS, budget });
    const made = queue();
    processor.attach(made.work(processor as never));
    const jobs = await Promise.all(['value', 'progress', 'throws', 'delayed'].map((name) => made.add(name)));
    expect((await Promise.all(jobs.map((job) => made.end(job)))).map(({ state }) => state)).toEqual([
      'completed',
      'completed',
      'failed',
      'completed',
    ]);
    expect(made.errors).toEqual([]);
    await made.worker?.close();
  });
});
