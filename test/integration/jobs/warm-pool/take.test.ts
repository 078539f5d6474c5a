import { once } from 'node:events';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { fork, type MemoryLimits, run, type WarmPoolOptions } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';
import { firstOf, messagesOf, moduleAt, pools, WORKER } from '../../../support/warm-pool';

describeIf('cgroup', 'a child that was taken', () => {
  const { make, ready } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  async function leave(child: ReturnType<typeof fork>): Promise<void> {
    if (child.connected) child.disconnect();
    await child.outcome;
  }

  async function ask(child: ReturnType<typeof fork>, message: string): Promise<unknown> {
    const answer = firstOf(child);
    child.send(message);
    return await answer;
  }

  const others = { execArgv: ['--no-warnings'], cwd: '/', env: { ...process.env, MEMCAGE_TEST: 'given' } };

  test.each([
    ['by default', {}],
    ['with options of fork', others],
  ])('sees what one of fork does, %s', async (_, options) => {
    const forked = fork(WORKER, ['a', 'b'], { memory: '200M', ...options });
    const expected = await ask(forked, 'facts');
    await leave(forked);
    const taken = await make(options, WORKER, ['a', 'b']).take();
    expect(await ask(taken, 'facts')).toEqual({ ...(expected as object), pid: taken.pid });
    await leave(taken);
  });

  test('inherits of the environment what one of fork does', async () => {
    const env = Object.create({ MEMCAGE_TEST_INHERITED: 'yes' }) as NodeJS.ProcessEnv;
    const taken = await make({ env: Object.assign(env, process.env), spare: 0 }).take();
    expect(await ask(taken, 'inherited')).toBe('yes');
    await leave(taken);
  });

  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  const rights = [permission, `--allow-fs-read=${dirname(WORKER)}/*`];

  test.each<[string, WarmPoolOptions]>([
    ['arguments', { execArgv: rights }],
    ['environment', { env: { ...process.env, NODE_OPTIONS: rights.join(' ') } }],
  ])("starts in Node's permission model, from its %s", async (_, options) => {
    const taken = await make({ silent: true, spare: 0, ...options }).take();
    expect(await ask(taken, 'answer')).toBe('answer');
    await leave(taken);
  });

  test('has the options of the call, whatever becomes of them', async () => {
    const memory: MemoryLimits = { max: '200M' };
    const pool = make({ memory, spare: 0 });
    memory.max = '100M';
    const taken = await pool.take();
    expect(taken.cage?.cgroup?.limits().max).toBe(200 * 2 ** 20);
    await leave(taken);
  });

  test.each([
    ['alone', []],
    ['after an --import', ['--import', pathToFileURL(moduleAt('early.mjs')).href]],
  ])('has loaded an ES module to its last top-level await, %s', async (_, execArgv) => {
    const options = { execArgv };
    const forked = fork(moduleAt('late.mjs'), ['a'], { memory: '200M', ...options });
    const expected = (await ask(forked, '')) as object;
    await leave(forked);
    const taken = await make(options, pathToFileURL(moduleAt('late.mjs')), ['a']).take();
    // The one of fork was asked while it was loading.
    expect(await ask(taken, '')).toEqual({ ...expected, isLoaded: true });
    await leave(taken);
  });

  test('gives what it has sent and written before', async () => {
    const pool = make({ silent: true }, WORKER, ['talk']);
    await ready(pool);
    const child = await pool.take();
    const messages = messagesOf(child);
    const output = child.stdout === null ? '' : text(child.stdout);
    await until('both messages', () => messages.length === 2);
    expect(messages).toEqual(['sent while it loads', 'sent while it waits']);
    await leave(child);
    expect(await output).toBe('said while it loads\n');
  });

  test('takes the serialization of fork', async () => {
    const child = await make({ serialization: 'advanced', spare: 0 }).take();
    expect(await ask(child, 'map')).toEqual(new Map([[1, 2n]]));
    await leave(child);
  });

  test('has no listeners but those of fork', async () => {
    const forked = fork(WORKER, { memory: '200M' });
    const pool = make();
    await ready(pool);
    const taken = await pool.take();
    const counts = (child: NodeJS.EventEmitter) =>
      ['exit', 'error', 'close', 'message', 'internalMessage', 'disconnect'].map((name) => child.listenerCount(name));
    expect(counts(taken)).toEqual(counts(forked));
    expect(taken.spawnargs).toEqual(forked.spawnargs);
    await Promise.all([leave(forked), leave(taken)]);
  });

  test('is in a cage of its own from birth, and has its own outcome', async () => {
    const pool = make({ spare: 2 });
    const [one, other] = await Promise.all([pool.take(), pool.take()]);
    expect(one.cage).not.toBe(other.cage);
    one.send('eat');
    expect(await one.outcome).toMatchObject({ oom: { cause: 'limit' }, memory: { limitBytes: 200 * 2 ** 20 } });
    expect(await ask(other, 'still here')).toBe('still here');
    await leave(other);
  });

  test('is yours: the pool neither reuses nor closes it', async () => {
    const pool = make({ maxUses: 5, spare: 0 });
    const child = await pool.take();
    await pool.close();
    expect(await ask(child, 'still here')).toBe('still here');
    await leave(child);
  });

  test('has answered nobody before', async () => {
    const pool = make({ maxUses: 5, maxChildren: 1 });
    const used = (await pool.ask('facts')) as { pid: number };
    const child = await pool.take();
    expect(child.pid).not.toBe(used.pid);
    await leave(child);
  });

  test('comes in the order of the calls', async () => {
    const pool = make({ maxChildren: 1 });
    const order: string[] = [];
    const turn = async (name: string) => {
      const child = await pool.take();
      order.push(name);
      await leave(child);
    };
    await Promise.all(['first', 'second', 'third'].map(turn));
    expect(order).toEqual(['first', 'second', 'third']);
    expect(pool.stats()).toMatchObject({ served: 3, waiting: 0, crashed: 0 });
  });

  test('comes before later questions, which others could answer', async () => {
    const pool = make({ maxChildren: 1, maxUses: 3 });
    await ready(pool);
    const order: string[] = [];
    const first = pool.ask('first').then(() => order.push('first'));
    const taken = pool.take().then(async (child) => {
      order.push('taken');
      await leave(child);
    });
    const last = pool.ask('last').then(() => order.push('last'));
    await Promise.all([first, taken, last]);
    expect(order).toEqual(['first', 'taken', 'last']);
  });

  test('does not come after an abort', async () => {
    const pool = make({ maxChildren: 1 });
    const child = await pool.take();
    const controller = new AbortController();
    const waiting = pool.take({ signal: controller.signal });
    expect(pool.stats().waiting).toBe(1);
    controller.abort('why');
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError', cause: 'why' });
    expect(pool.stats().waiting).toBe(0);
    await expect(pool.take({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    await leave(child);
  });

  test('does not come once the pool is closed', async () => {
    const pool = make({ maxChildren: 1 });
    const child = await pool.take();
    const waiting = pool.take();
    const closed = once(pool, 'close');
    await Promise.all([pool.close(), expect(waiting).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' })]);
    await closed;
    await expect(pool.take()).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    await leave(child);
    expect(pool.stats()).toMatchObject({ spare: 0, loading: 0, busy: 0, waiting: 0 });
  });
});
