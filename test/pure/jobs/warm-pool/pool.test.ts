import { once } from 'node:events';
import { ForkPool } from '../../../../lib/jobs/warm-pool/pool';

/** One that is always ready, since no child is to wait. */
function makePool(): ForkPool {
  return new ForkPool({
    plan: { spare: 0, maxChildren: 1, maxUses: 1, trim: false, isShared: false },
    file: 'worker.js',
    killSignal: 'SIGKILL',
    limitBytes: undefined,
    start: () => {
      throw new Error('no child is started here');
    },
  });
}

const CLOSED = {
  code: 'ERR_MEMCAGE_CLOSED',
  message: 'The warm pool is closed. Cure: make another, or close it later',
};
const ticks = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('ready does not come after close()', async () => {
  const pool = makePool();
  const told: string[] = [];
  pool.on('ready', () => told.push('ready')).on('error', () => told.push('error'));
  await pool.close();
  await ticks();
  expect(told).toEqual([]);
});

test('who waits for ready is told that the pool is closed, before and after close()', async () => {
  const pool = makePool();
  const waits = expect(once(pool, 'ready')).rejects.toMatchObject(CLOSED);
  const closed = pool.close();
  await waits;
  await closed;
  await Promise.all([1, 2].map(() => expect(once(pool, 'ready')).rejects.toMatchObject(CLOSED)));
  await expect(once(pool, 'ready')).rejects.toMatchObject(CLOSED);
});

test('a listener of the error may close the pool', async () => {
  const pool = makePool();
  const codes: unknown[] = [];
  pool.once('ready', () => {});
  pool.on('error', (error) => {
    codes.push((error as NodeJS.ErrnoException).code);
    void pool.close();
  });
  await pool.close();
  await ticks();
  expect(codes).toEqual([CLOSED.code]);
});

test('nothing is thrown where nobody listens for errors', async () => {
  const pool = makePool();
  pool.once('ready', () => {});
  await pool.close();
  pool.once('ready', () => {});
  await ticks();
});
