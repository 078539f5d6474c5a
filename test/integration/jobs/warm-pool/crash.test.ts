import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createCage, createWarmPool, run, type WarmPoolOptions } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { fillFds } from '../../../support/processes/fill-fds';
import { childrenOf, endNow } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';
import { moduleAt, pools, WORKER } from '../../../support/warm-pool';

/** Without a turn of the event loop. */
function hasNotEnded(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describeIf('cgroup', 'a warm pool whose children fail', () => {
  const { make, ready } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const failed = /before it was ready:\n(?:.*\n)*?TypeError: the module has failed\n +at /;

  test.each([
    ['throws', 'throws.js', { name: 'ExitError', message: expect.stringMatching(failed) as string }],
    ['rejects', 'rejects.mjs', { name: 'ExitError', message: expect.stringMatching(failed) as string }],
    [
      'is not there',
      'no-such.js',
      { name: 'ExitError', message: expect.stringContaining('Cannot find module') as string },
    ],
    ['waits for nothing', 'ends.js', { name: 'ExitError', outcome: { exitCode: 0 } }],
    ['needs too much memory', 'eats.js', { name: 'MemoryLimitError', outcome: { oom: { cause: 'limit' } } }],
  ])('fails who takes a child, when the module %s', async (_, name, error) => {
    const pool = make({ silent: true }, moduleAt(name));
    await expect(pool.take()).rejects.toMatchObject(error);
    await expect(pool.ask('')).rejects.toMatchObject(error);
    expect(pool.stats().spare).toBe(0);
  });

  test('has the error of a module that it hears of late, and nothing else has', async () => {
    for (let n = 0; n < 2; n += 1) {
      const before = childrenOf(process.pid);
      const pool = make({ stdio: ['ignore', 'ignore', 'ignore', 'ipc'], spare: 0 }, moduleAt('throws.js'));
      const taken = expect(pool.take()).rejects.toThrow(failed);
      const [pid = 0] = childrenOf(process.pid).filter((each) => !before.includes(each));
      // Here nothing is read until it has ended.
      while (hasNotEnded(pid));
      await taken;
    }
  });

  test('does not change how a module fails', async () => {
    const pool = make({ silent: true }, moduleAt('throws-no-error.js'));
    await expect(pool.take()).rejects.toMatchObject({
      message: expect.stringContaining('[Object: null prototype] {}') as string,
      outcome: { exitCode: 1 },
    });
  });

  test('fails one call after the other, when no child can be started any more', async () => {
    const cage = createCage({ memory: '200M' });
    const pool = createWarmPool(WORKER, { cage, spare: 0, maxChildren: 1 });
    await pool.take();
    const calls = Promise.allSettled(Array.from({ length: 3000 }, () => pool.take()));
    await cage.close();
    for (const { status } of await calls) expect(status).toBe('rejected');
    expect(pool.stats()).toMatchObject({ waiting: 0, crashed: 3000 });
    await pool.close();
  });

  test('fails when there is no fd for a child, and goes on', async () => {
    const pool = make({ spare: 0 });
    for (const free of [0, 1, 2]) {
      const release = fillFds(free);
      const asked = expect(pool.ask('')).rejects.toMatchObject({ code: 'EMFILE' });
      // Node reports some of it in the next tick.
      await asked.finally(release);
    }
    expect(await pool.ask('answer')).toBe('answer');
  });

  test('fails nobody when one ends that had loaded the module', async () => {
    const pool = make({ maxUses: 2, spare: 0 }, moduleAt('late.mjs'));
    const before = childrenOf(process.pid);
    await pool.ask('');
    const used = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    const taken = pool.take();
    const crash = once(pool, 'error');
    used.forEach(endNow);
    await crash;
    const child = await taken;
    child.disconnect();
    await child.outcome;
  });

  test('says what Node says of its arguments', async () => {
    const pool = make({ silent: true, execArgv: ['--no-such-option'] });
    await expect(pool.take()).rejects.toMatchObject({
      message: expect.stringContaining('bad option: --no-such-option') as string,
      outcome: { exitCode: 9 },
    });
  });

  test('fails with the error of Node, when that can not be started', async () => {
    const pool = make({ execPath: '/no/such' });
    await expect(pool.take()).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such' });
  });

  test('starts children of a broken module more and more rarely', async () => {
    const pool = make({ silent: true, spare: 3 }, moduleAt('throws.js'));
    const times: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const [error] = (await once(pool, 'error')) as [Error];
      expect(error.message).toMatch(failed);
      times.push(performance.now());
    }
    // At least 100, 200 and 400 ms lie between them.
    expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(690);
    expect(pool.stats()).toMatchObject({ crashed: 4, started: 4 });
  });

  test('replaces a child that ends while it waits', async () => {
    const before = childrenOf(process.pid);
    const pool = make({ silent: true });
    await ready(pool);
    const crash = once(pool, 'error');
    for (const pid of childrenOf(process.pid)) if (!before.includes(pid)) endNow(pid);
    const [error] = (await crash) as [Error];
    expect(error).toMatchObject({ name: 'ExitError', message: `${WORKER} was ended by SIGKILL before it was taken` });
    await ready(pool);
    expect(await pool.ask('answer')).toBe('answer');
    expect(pool.stats().crashed).toBe(1);
  });

  test.each([
    [{ spares: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', /did you mean 'spare'/],
    [{ spare: -1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /an integer, 0 or more for spare/],
    [{ spare: 1.5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /spare/],
    [{ maxChildren: 0 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /a positive integer for maxChildren/],
    [{ maxUses: 0 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /a positive integer for maxUses/],
    [{ trim: 1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /true or false for trim/],
    [{ signal: AbortSignal.abort() }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /signal/],
    [{ timeout: 5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /timeout/],
    [{ detached: true }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /detached/],
    [{ memory: 'much' }, 'ERR_MEMCAGE_INVALID_SIZE', /memory/],
    [{ memory: '1K' }, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', /memory/],
    [{ execArgv: 'no list' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /execArgv/],
  ])('refuses %p before anything is made', (options, code, message) => {
    const error = thrown(() => createWarmPool(WORKER, { memory: '200M', ...(options as object) }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('refuses what Node refuses', () => {
    const options: WarmPoolOptions = { stdio: ['ignore', 'ignore', 'ignore'] };
    expect(() => createWarmPool(WORKER, options)).toThrow(/must have an IPC channel/);
  });

  test('refuses what is no module and no list of arguments', () => {
    expect(thrown(() => createWarmPool(5 as never)).code).toBe('ERR_MEMCAGE_INVALID_ARGUMENT');
    expect(thrown(() => createWarmPool(WORKER, 'a' as never)).code).toBe('ERR_MEMCAGE_INVALID_ARGUMENT');
  });
});
