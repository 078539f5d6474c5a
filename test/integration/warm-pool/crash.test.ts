import { once } from 'node:events';
import { createWarmPool, run, type WarmPoolOptions } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { childrenOf, endNow } from '../../support/processes';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { moduleAt, pools, WORKER } from '../../support/warm-pool';

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
    await expect(pool.run('')).rejects.toMatchObject(error);
    expect(pool.stats().spare).toBe(0);
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
      const [error] = (await once(pool, 'crash')) as [Error];
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
    const crash = once(pool, 'crash');
    for (const pid of childrenOf(process.pid)) if (!before.includes(pid)) endNow(pid);
    const [error] = (await crash) as [Error];
    expect(error).toMatchObject({ name: 'ExitError', message: `${WORKER} was ended by SIGKILL before it was taken` });
    await ready(pool);
    expect(await pool.run('answer')).toBe('answer');
    expect(pool.stats().crashed).toBe(1);
  });

  test.each([
    [{ spares: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', /did you mean 'spare'/],
    [{ spare: -1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /an integer, 0 or more for spare/],
    [{ spare: 1.5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /spare/],
    [{ most: 0 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /a positive integer for most/],
    [{ uses: 0 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', /a positive integer for uses/],
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
