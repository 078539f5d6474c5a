import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import { type Budget, createBudget, type Size } from 'memcage';
import { createProcessor } from 'memcage/bullmq';
import { CagedJobs, ENDS } from '../../../support/bullmq/caged-jobs';
import type { TestQueue } from '../../../support/bullmq/queue';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host', 'valkey-server'], 'a job of a caged processor in a budget', () => {
  const caged = new CagedJobs('budget');

  /** The most jobs that were done at the same time. BullMQ calls one active for some time after its child is gone. */
  function atOnce(times: readonly { from: number; to: number }[]): number {
    return Math.max(...times.map(({ from }) => times.filter((each) => each.from <= from && from < each.to).length));
  }

  function budgetOf(memory: Size): Budget {
    const budget = createBudget({ memory });
    caged.closeLater(budget);
    return budget;
  }

  /** A worker that its owner has paused, and that waits for room. */
  async function pausedWithoutRoom() {
    const budget = budgetOf('100M');
    const queue = caged.work({ budget });
    await queue.worker?.pause(true);
    // The worker gives up the room that it holds, and asks for it again.
    const room = await budget.reserve({ memory: '64M' });
    await until('it waits for room', () => budget.stats().queued === 1);
    return { budget, queue, room };
  }

  const active = async (queue: TestQueue): Promise<number> => queue.queue.getActiveCount();

  test('is fetched only when there is room for it', async () => {
    const budget = budgetOf('200M');
    // A spare child, and two that work.
    const queue = caged.work({ budget, spare: 1 }, { concurrency: 10 });
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
    const queue = caged.work({ budget });
    const job = await queue.add('value');
    await until('the worker is ready', () => budget.stats().queued === 1);
    await queue.worker?.waitUntilReady();
    expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
    room.release();
    expect(await queue.end(job)).toMatchObject({ state: 'completed' });
  });

  test('gets the room of a worker that has nothing to do', async () => {
    const budget = budgetOf('100M');
    const one = caged.work({ budget });
    await until('it holds the room', () => budget.stats().running === 1);
    const other = caged.work({ budget });
    expect(await other.end(await other.add('value'))).toMatchObject({ state: 'completed' });
    expect(await one.end(await one.add('value'))).toMatchObject({ state: 'completed' });
  });

  test('gets the room of a worker sooner that has had nothing to do for long', async () => {
    const budget = budgetOf('100M');
    caged.work({ budget });
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      await until('it holds the room', () => budget.stats().running === 1);
      const from = performance.now();
      (await budget.reserve({ memory: '64M' })).release();
      waits.push(performance.now() - from);
    }
    const [first = 0, ...later] = waits;
    // Most of them.
    expect(later.filter((ms) => ms < first / 2).length).toBeGreaterThanOrEqual(3);
  });

  test('is left in the queue by a worker that gave its room away while it waited for a job', async () => {
    const budget = budgetOf('100M');
    const queue = caged.work({ budget }, { drainDelay: 600 });
    const worker = queue.worker as Worker;
    await once(worker, 'drained');
    const room = await budget.reserve({ memory: '64M' });
    const fetched = once(worker, 'active');
    const job = await queue.add('value', {}, { attempts: 2 });
    await fetched;
    await until('it is back', async () => (await queue.queue.getJobState(job.id ?? '')) === 'waiting');
    await sleep(patience(200));
    expect(await active(queue)).toBe(0);
    room.release();
    expect(await queue.end(job)).toMatchObject({ state: 'completed', attemptsMade: 1, attemptsStarted: 2 });
    expect(queue.errors).toEqual([]);
  });

  test('is left in the queue by a worker whose budget was closed before it', async () => {
    const budget = budgetOf('100M');
    const queue = caged.work({ budget }, { drainDelay: 600 });
    await once(queue.worker as Worker, 'drained');
    await budget.close();
    const fetched = once(queue.worker as Worker, 'active');
    await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
    await fetched;
    await until('no job is active', async () => (await active(queue)) === 0);
    await sleep(patience(200));
    expect(await queue.queue.getJobCounts('waiting', 'failed')).toEqual({ waiting: 3, failed: 0 });
  });

  test('is left in the queue by a worker whose processor was closed before it', async () => {
    const queue = caged.work({ budget: budgetOf('100M') });
    await once(queue.worker as Worker, 'drained');
    await queue.processor.close();
    await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
    await until('it is paused', () => queue.worker?.isPaused());
    await sleep(patience(250));
    // BullMQ's wait for a job may have gone on: it gives the worker one, which the processor refuses.
    expect((await queue.queue.getJobCounts('failed'))['failed']).toBeLessThanOrEqual(1);
    expect(queue.worker?.isPaused()).toBe(true);
  });

  test('waits for room for more, if it is done once more', async () => {
    const budget = budgetOf('300M');
    const queue = caged.work({ budget, retry: { memory: '200M' } }, { concurrency: 4 });
    const jobs = await Promise.all(Array.from({ length: 3 }, () => queue.add('eats some')));
    for (const job of jobs) expect(await queue.end(job)).toMatchObject({ state: 'completed', attemptsMade: 1 });
  });

  test('has the limit that was learned, and is done once more if that was too little', async () => {
    const budget = createBudget({ memory: '400M', learn: { floor: '32M' } });
    caged.closeLater(budget);
    const limits: number[] = [];
    budget.on('started', ({ key, memoryBytes }) => {
      if (key === 'all') limits.push(memoryBytes);
    });
    const queue = caged.work({ budget, memory: '200M', learn: () => 'all' }, { concurrency: 1 });
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
    const { budget, queue, room } = await pausedWithoutRoom();
    const job = await queue.add('value');
    room.release();
    await until('it has room', () => budget.stats().queued === 0 && budget.stats().running === 1);
    await sleep(patience(150));
    expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
    expect(queue.worker?.isPaused()).toBe(true);
    await queue.worker?.resume();
    expect(await queue.end(job)).toMatchObject({ state: 'completed' });
  });

  test('is not fetched by a worker that its owner resumes while there is no room', async () => {
    const { queue, room } = await pausedWithoutRoom();
    await queue.worker?.resume();
    const job = await queue.add('value');
    await sleep(patience(150));
    expect(await queue.queue.getJobState(job.id ?? '')).toBe('waiting');
    room.release();
    expect(await queue.end(job)).toMatchObject({ state: 'completed' });
  });

  test('is one of as many as the owner of the worker says later', async () => {
    const budget = budgetOf('400M');
    const queue = caged.work({ budget, graceMs: 50 }, { concurrency: 1 });
    const worker = queue.worker as Worker;
    const [first, second] = [await queue.add('tells its pid and waits'), await queue.add('tells its pid and waits')];
    await caged.running(queue, first);
    expect(await active(queue)).toBe(1);
    worker.concurrency = 2;
    await caged.running(queue, second);
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
    const queue = caged.work({ budget }, { concurrency: 10, autorun: false });
    const jobs = await queue.queue.addBulk(Array.from({ length: 3 }, () => ({ name: 'value', data: {} })));
    const fetched = once(queue.worker as Worker, 'active');
    const over = queue.worker?.run();
    await fetched;
    await until('it is back', async () => (await queue.queue.getWaitingCount()) === 3);
    await sleep(patience(200));
    expect(await active(queue)).toBe(0);
    room.release();
    for (const job of jobs) expect(await queue.end(job)).toMatchObject({ state: 'completed' });
    await queue.worker?.close();
    await over;
  });

  test('that could never have room beside the spare children is refused', async () => {
    const budget = budgetOf('150M');
    const one = createProcessor(ENDS, { memory: '64M', budget });
    caged.closeLater(one);
    expect(thrown(() => createProcessor(ENDS, { memory: '64M', budget })).message).toContain(
      'a job of 64 MiB and the spare children of all 2 processors, 128 MiB, fit into the budget of 150 MiB',
    );
    const larger = { memory: '64M', budget, spare: 0 } as const;
    expect(thrown(() => createProcessor(ENDS, { ...larger, memory: '100M' })).message).toContain('a job of 100 MiB');
    const retry = { memory: '100M' } as const;
    expect(thrown(() => createProcessor(ENDS, { memory: '64M', budget, retry })).message).toMatch(
      /a job done once more and 1 spare children .* for retry.memory/,
    );
    await one.close();
    caged.closeLater(createProcessor(ENDS, { ...larger, memory: '100M' }));
  });

  test('that needs more than it has is refused', () => {
    const budget = budgetOf('100M');
    const retry = { memory: '200M' } as const;
    expect(thrown(() => createProcessor(ENDS, { memory: '64M', spare: 0, budget, retry })).message).toContain(
      'Expected at most the 100 MiB of the budget for retry.memory',
    );
    expect(thrown(() => createProcessor(ENDS, { memory: '64M', budget }))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      message: expect.stringContaining('so that a job and 1 spare children fit into the budget of 100 MiB'),
    });
  });
});
