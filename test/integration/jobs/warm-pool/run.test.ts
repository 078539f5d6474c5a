import { run } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';
import { moduleAt, pools, WORKER } from '../../../support/warm-pool';

describeIf('cgroup', 'a question to a warm pool', () => {
  const { make, ready } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  type Facts = { pid: number };

  test('is answered by a child that is new each time', async () => {
    const pool = make({ spare: 2 });
    const pids: number[] = [];
    for (let n = 0; n < 3; n += 1) pids.push(((await pool.ask('facts')) as Facts).pid);
    expect(new Set(pids).size).toBe(3);
    expect(pool.stats()).toMatchObject({ served: 3, crashed: 0 });
  });

  test('is answered by the same child, as often as `uses` says', async () => {
    const pool = make({ maxUses: 2, spare: 0 });
    const pids: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      // It waits again before whoever asked has the answer.
      pids.push(((await pool.ask('facts')) as Facts).pid);
    }
    const [a, b, c, d] = pids;
    expect([b, d]).toEqual([a, c]);
    expect(a).not.toBe(c);
  });

  test('is not answered by what the child has sent before', async () => {
    const pool = make({ silent: true }, WORKER, ['talk']);
    await ready(pool);
    expect(await pool.ask('answer')).toBe('answer');
  });

  test('is not answered by what is on its way when it is asked', async () => {
    const pool = make({ maxUses: 20, spare: 0 }, moduleAt('chatty.js'));
    for (let n = 0; n < 20; n += 1) {
      expect(await pool.ask(n)).toBe(n);
      // Here nothing is read meanwhile.
      const end = performance.now() + 10;
      while (performance.now() < end);
    }
  });

  test('has one answer', async () => {
    const pool = make({ maxUses: 2, silent: true, spare: 0 });
    expect(await pool.ask('twice')).toBe('first');
    expect(await pool.ask('answer')).toBe('answer');
  });

  test('is not answered by what came of an earlier one', async () => {
    const pool = make({ maxUses: 3, spare: 0, maxChildren: 1 }, moduleAt('late-answers.js'));
    expect(await pool.ask({ name: 'first', takesMs: 0 })).toBe('first');
    expect(await pool.ask({ name: 'second', takesMs: 150 })).toBe('second');
    expect(await pool.ask({ name: 'third', by: 'a timer of its own' })).toBe('third');
  });

  const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

  test.each([
    ['memory', 'eat', { name: 'MemoryLimitError' }, { oom: { cause: 'limit' } }],
    ['an exception', 'die', { name: 'ExitError' }, { exitCode: 1, stderr: matching(/the job has failed/) }],
    ['an exit', 'exit', { message: `${WORKER} ended with exit code 0 before it answered` }, { exitCode: 0 }],
    ['a closed channel', 'leave', { name: 'ExitError', message: matching(/before it answered/) }, { exitCode: 0 }],
  ])('fails when the child ends: by %s', async (_, message, error, outcome) => {
    const pool = make({ silent: true, spare: 0 });
    await expect(pool.ask(message)).rejects.toMatchObject({ ...error, outcome });
    expect(await pool.ask('the pool goes on')).toBe('the pool goes on');
  });

  test('ends a child that takes too long, or that nobody wants an answer of', async () => {
    const pool = make({ spare: 2 });
    await expect(pool.ask('hang', { timeout: 50 })).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_MEMCAGE_TIMEOUT',
      message: `${WORKER} did not answer within 50 ms`,
      outcome: { signal: 'SIGTERM' },
    });
    const controller = new AbortController();
    const aborted = pool.ask('spin', { signal: controller.signal });
    await until('it was asked', () => pool.stats().served === 2);
    controller.abort('why');
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError', cause: 'why', outcome: {} });
  });

  test('does not outlive the pool', async () => {
    const pool = make({ spare: 0 });
    const asked = pool.ask('hang');
    await until('it was asked', () => pool.stats().served === 1);
    const failed = expect(asked).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    await pool.close();
    await failed;
    expect(pool.stats().busy).toBe(0);
  });

  test('does not outlive a pool that is closed before the question is sent', async () => {
    const pool = make();
    await ready(pool);
    const asked = expect(pool.ask('hang')).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    await pool.close();
    expect(pool.stats().busy).toBe(0);
    await asked;
  });

  test('does not outlive a pool that is closed when its child is ready', async () => {
    const pool = make({ spare: 0 });
    const asked = expect(pool.ask('hang')).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    await new Promise<void>((resolve) => pool.once('ready', () => resolve(pool.close())));
    expect(pool.stats().busy).toBe(0);
    await asked;
  });

  test('must be one that can be sent', async () => {
    const pool = make({ serialization: 'advanced', spare: 0 });
    await expect(pool.ask((() => 1) as never)).rejects.toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    await expect(pool.ask({ deep: () => 1 } as never)).rejects.toThrow(/could not be cloned/);
    await expect(pool.ask('', { timeout: -1 })).rejects.toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    await expect(pool.ask('', { time: 1 } as never)).rejects.toMatchObject({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION' });
    expect(await pool.ask('the pool goes on')).toBe('the pool goes on');
  });
});
