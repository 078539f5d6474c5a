import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createBudget, ExitError, LimitError, MemoryLimitError, type MemoryOption, TimeoutError } from 'memcage';
import { CagedJobs, ofBullmq } from '../../../support/bullmq/caged-jobs';
import { TestQueue } from '../../../support/bullmq/queue';
import { version } from '../../../support/cgroups/cgroup-tree';
import { patience } from '../../../support/patience';
import { hasEnded, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const KILLED = /^ends\.mjs \(pid \d+\) was killed for its memory limit of 64 MiB \(peak .*\)$/;

describeIf(['cgroup', 'valkey-server'], 'a job of a caged processor', () => {
  const caged = new CagedJobs('ends');

  test('that eats all fails alone, and is not tried again', async () => {
    const queue = caged.work({ spare: 1 });
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

  test('tells with evidence what filled the memory', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'memcage-test-evidence-'));
    try {
      const queue = caged.work({ memory: '100M', evidence: { dir, at: '70%' } });
      const { failedReason } = await queue.end(await queue.add('leaks'));
      expect(failedReason?.split('\n')).toEqual([
        expect.stringMatching(/^ends\.mjs \(pid \d+\) was killed for its memory limit of 100 MiB \(peak .*\)$/),
        expect.stringContaining('of 100 MiB were held: '),
        expect.stringMatching(/^node \(pid \d+\) held /),
        expect.stringContaining(`All of it: ${dir}/evidence-`),
      ]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('that was killed for memory is done once more with more', async () => {
    const queue = caged.work({ retry: { memory: '200M' } });
    const end = await queue.end(await queue.add('eats some'));
    expect(end).toMatchObject({ state: 'completed', returnvalue: 60 << 20, attemptsMade: 1 });
    expect(end.logs).toEqual([
      expect.stringMatching(/ was killed for its memory limit .*: it is done once more with 200 MiB$/),
    ]);
  });

  test('that was killed twice is not tried again', async () => {
    const queue = caged.work({ retry: { memory: '80M' } });
    const end = await queue.end(await queue.add('eats', {}, { attempts: 5 }));
    expect(end).toMatchObject({
      state: 'failed',
      attemptsMade: 1,
      failedReason: expect.stringContaining('limit of 80 MiB'),
    });
    expect(end.logs.length).toBe(1);
  });

  test('that hangs is ended after its time, and tried as often as its attempts', async () => {
    const timeout = patience(400);
    const queue = caged.work({ timeout, graceMs: 50 });
    const job = await queue.add('hangs', {}, { attempts: 2 });
    const failedReason = `ends.mjs was not done within ${timeout} ms`;
    expect(await queue.end(job)).toMatchObject({ state: 'failed', attemptsMade: 2, failedReason });
    expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(TimeoutError);
  });

  test('whose processor never ends to load fails after its time', async () => {
    const queue = caged.work({ timeout: 300 }, { file: ofBullmq('endless.mjs') });
    expect(await queue.end(await queue.add('any'))).toMatchObject({
      state: 'failed',
      failedReason: 'endless.mjs was not done within 300 ms',
    });
  });

  test('that ends without a word fails with its end', async () => {
    const queue = caged.work();
    const ends = [
      ['exits', { code: 3 }, 'ends.mjs ended with exit code 3'],
      ['exits', { code: 0 }, 'ends.mjs ended with exit code 0 before it was done'],
      ['is killed', {}, 'ends.mjs was ended by SIGKILL'],
    ] as const;
    const jobs = await Promise.all(ends.map(([name, data]) => queue.add(name, data, { attempts: 2 })));
    expect(await Promise.all(jobs.map((job) => queue.end(job)))).toMatchObject(
      ends.map(([, , failedReason]) => ({ state: 'failed', failedReason, attemptsMade: 2 })),
    );
    for (const { id = '' } of jobs) expect(queue.failures.get(id)).toBeInstanceOf(ExitError);
  });

  test('has the limits of any child', async () => {
    const queue = caged.work({ cpuTimeMs: patience(400) });
    const job = await queue.add('hangs');
    expect(await queue.end(job)).toMatchObject({ failedReason: expect.stringContaining('of processor time') });
    expect(queue.failures.get(job.id ?? '')).toBeInstanceOf(LimitError);
  });

  test('that gets nowhere at its limit is ended', async () => {
    const memory: MemoryOption = version === 1 ? { max: '64M', oomKill: false } : { high: '64M', max: '400M' };
    const queue = caged.work({ memory, stall: { limitMs: 500, action: 'kill' } });
    const job = await queue.add('eats');
    const failedReason = expect.stringContaining('its cage had got nowhere because of memory') as unknown;
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason });
    expect(queue.failures.get(job.id ?? '')).toMatchObject({ name: 'LimitError', limit: 'stall' });
  });

  testRows(
    'whose child can not be started fails with the reason',
    [['of the pool'], ['of the budget']],
    async ([whose]) => {
      const budget = createBudget({ memory: '200M', learn: {} });
      caged.closeLater(budget);
      const own = whose === 'of the pool' ? {} : { budget, learn: true };
      const queue = caged.work({ cwd: '/nowhere', ...own });
      const failedReason = expect.stringContaining('ENOENT') as unknown;
      expect(await queue.end(await queue.add('value'))).toMatchObject({ state: 'failed', failedReason });
    },
  );

  test('that is cancelled, and does not end, is ended', async () => {
    const queue = caged.work({ graceMs: 50 });
    const job = await queue.add('computes');
    await caged.running(queue, job);
    queue.worker?.cancelJob(job.id ?? '', 'a reason');
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason: 'a reason' });
  });

  test('that is cancelled as it begins is told so', async () => {
    const { processor } = caged.work();
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

  test('that is cancelled before its child is there fails with the reason', async () => {
    const { processor } = caged.work();
    const signal = AbortSignal.abort('a reason');
    const job = { name: 'value', asJSONSandbox: () => ({ name: 'value', data: '{}', opts: {} }) } as unknown as Job;
    await expect(processor(job, undefined, signal)).rejects.toMatchObject({ name: 'AbortError', message: 'a reason' });
  });

  /** Done without a queue: what it asks for fails, or is never done. */
  function aloneWith(name: string, log: () => Promise<number>): Job {
    return { name, log, asJSONSandbox: () => ({ name, data: '{}', opts: {} }) } as unknown as Job;
  }

  testRows(
    'that was killed says so, whatever becomes of its log',
    [
      ['eats', { retry: { memory: '80M' } }],
      ['logs, and eats', {}],
    ] as const,
    async ([name, options]) => {
      const { processor } = caged.work(options);
      const job = aloneWith(name, () => Promise.reject(new Error('Missing key for job')));
      await expect(processor(job, undefined, undefined)).rejects.toBeInstanceOf(MemoryLimitError);
    },
  );

  test('that asks for more and more, of which nothing is done, is ended', async () => {
    const { processor } = caged.work({ memory: '200M' });
    const job = aloneWith('asks without end', () => new Promise(() => {}));
    await expect(processor(job, undefined, undefined)).rejects.toMatchObject({
      code: 'ERR_MEMCAGE_CHANNEL',
      message: expect.stringContaining('asked more of its job than 64 MiB') as string,
    });
  });

  test('that breaks its channel fails alone, with each of its attempts', async () => {
    const queue = caged.work({ spare: 1 }, { concurrency: 4 });
    const names = ['acknowledges', 'writes garbage', 'value', 'value'];
    const jobs = await Promise.all(names.map((name) => queue.add(name, {}, { attempts: 2 })));
    const ends = await Promise.all(jobs.map((job) => queue.end(job)));
    const failedReason = expect.stringContaining('wrote to its channel what is no message') as unknown;
    const failed = { state: 'failed', attemptsMade: 2, failedReason };
    const well = { state: 'completed', returnvalue: 'value' };
    expect(ends).toMatchObject([failed, failed, well, well]);
  });

  test('sees the environment that there is when it begins', async () => {
    // Their children are there before that.
    const queue = caged.work({ spare: 1 });
    expect(await queue.end(await queue.add('environment'))).toMatchObject({ returnvalue: 'none' });
    process.env['MEMCAGE_TEST_JOB'] = 'later';
    try {
      expect(await queue.end(await queue.add('environment'))).toMatchObject({ returnvalue: 'later' });
    } finally {
      delete process.env['MEMCAGE_TEST_JOB'];
    }
    expect(await queue.end(await queue.add('environment'))).toMatchObject({ returnvalue: 'none' });
  });

  test('with `learn` that was killed for the limit that was given is not tried again', async () => {
    const budget = createBudget({ memory: '600M', learn: {} });
    caged.closeLater(budget);
    const queue = caged.work({ budget, learn: true });
    const end = await queue.end(await queue.add('eats', {}, { attempts: 5 }));
    expect(end).toMatchObject({ failedReason: expect.stringMatching(KILLED), attemptsMade: 1, logs: [] });
  });

  test('leaves no process behind when it is completed', async () => {
    const queue = caged.work();
    const { returnvalue } = await queue.end(await queue.add('leaves'));
    expect(await hasEnded(Number(returnvalue))).toBe(true);
  });

  test('whose lock is lost is ended', async () => {
    const queue = caged.work({}, { lockDuration: 2000 });
    const job = await queue.add('tells its pid and waits');
    const pid = await caged.running(queue, job);
    const client = new Redis(caged.valkey.connection);
    await client.del(`${queue.queue.toKey(job.id ?? '')}:lock`);
    client.disconnect();
    await until('it is ended', () => !isAlive(pid));
    expect(queue.errors.map(({ message }) => message)).toContain(`could not renew lock for job ${job.id}`);
  });

  test('is not ended when another worker of the processor has lost the lock that it had before', async () => {
    const queue = caged.work();
    const other = new TestQueue(caged.valkey, queue.name);
    caged.closeLater(other);
    queue.processor.attach(other.work(queue.processor as never, { autorun: false }));
    const job = await queue.add('waits until it is told');
    await caged.running(queue, job);
    other.worker?.emit('lockRenewalFailed', [job.id ?? '']);
    queue.worker?.cancelJob(job.id ?? '', 'enough');
    expect(await queue.end(job)).toMatchObject({ state: 'completed', returnvalue: 'enough' });
  });

  test('is ended with its processor', async () => {
    const queue = caged.work();
    const job = await queue.add('tells its pid and waits');
    const pid = await caged.running(queue, job);
    await queue.processor.close();
    expect(await hasEnded(pid)).toBe(true);
    expect(await queue.end(job)).toMatchObject({ state: 'failed', failedReason: 'The processor is closed' });
    expect(queue.processor.closed).toBe(true);
    expect(() => queue.processor.attach(queue.worker as never)).toThrow('The processor is closed');
  });
});
