import { once } from 'node:events';
import { run } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { moduleAt, pools, WORKER } from '../../../support/warm-pool';

describeIf('cgroup', 'the event ready of a warm pool', () => {
  const { make } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** What a program prints that has nothing but this pool to live for. */
  const printed = async (file: string, listen: string): Promise<string> => {
    const pool = `const pool = require('memcage').createWarmPool(${JSON.stringify(file)}, { memory: '200M', silent: true });`;
    const script = `const { once } = require('node:events'); ${pool} ${listen}`;
    const { stdout, exitCode } = await run(process.execPath, ['-e', script], {
      cwd: __dirname,
      timeout: patience(20_000),
      reject: false,
    });
    return `${stdout}${exitCode}`;
  };

  test('comes when as many wait as were asked for, however the process lives', async () => {
    const counts = "once(pool, 'ready').then(() => console.log(pool.stats().spare))";
    expect(await printed(WORKER, counts)).toBe('2\n0');
  });

  test('comes anew when a child that was taken has a successor', async () => {
    const pool = make({ spare: 2 });
    await once(pool, 'ready');
    const again = once(pool, 'ready');
    // Listens from before it is taken: there still are two.
    await again;
    const child = await pool.take();
    await once(pool, 'ready');
    expect(pool.stats()).toMatchObject({ spare: 2, started: 3 });
    child.disconnect();
    await child.outcome;
  });

  test('comes to who listens too late, and to nobody else then', async () => {
    const pool = make();
    const calls: string[] = [];
    pool.on('ready', () => calls.push('first'));
    await once(pool, 'ready');
    expect(calls).toEqual(['first']);
    await once(pool, 'ready');
    expect(calls).toEqual(['first']);
    const removed = (): unknown => calls.push('removed');
    pool.on('ready', removed).off('ready', removed);
    await once(pool, 'ready');
    expect(calls).toEqual(['first']);
  });

  test('comes when all wait again, if one is taken in the tick in which somebody listens', async () => {
    const pool = make({ spare: 1 });
    await once(pool, 'ready');
    const spares: number[] = [];
    pool.on('ready', () => spares.push(pool.stats().spare));
    const child = await pool.take();
    await once(pool, 'ready');
    expect(spares).toEqual([1]);
    child.disconnect();
    await child.outcome;
  });

  test('is refused by the end of the pool, also at the top of a module', async () => {
    const refused = '.catch(({ code }) => console.log(code))';
    const listen = `once(pool, 'ready')${refused}; pool.close().then(() => once(pool, 'ready'))${refused}`;
    expect(await printed(WORKER, listen)).toBe('ERR_MEMCAGE_CLOSED\nERR_MEMCAGE_CLOSED\n0');
  });

  test('comes where none are to wait, or where there is room for fewer', async () => {
    await once(make({ spare: 0 }), 'ready');
    const pool = make({ spare: 3, maxChildren: 1 });
    await once(pool, 'ready');
    expect(pool.stats().spare).toBe(1);
  });

  test('is refused by an error, which nobody else has to hear', async () => {
    const pool = make({ silent: true }, moduleAt('throws.js'));
    await expect(once(pool, 'ready')).rejects.toThrow(/TypeError: the module has failed/);
    await expect(once(pool, 'ready')).rejects.toThrow(/TypeError: the module has failed/);
  });

  test('does not keep a process alive that waits for it in vain', async () => {
    expect(await printed(moduleAt('throws.js'), "pool.on('ready', () => {})")).toBe('0');
  });
});
