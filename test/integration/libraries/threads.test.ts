import { fixtureResult } from '../../support/fixture';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const refused = { code: 'ERR_MEMCAGE_UNSUPPORTED', cure: true };
/** A task starts the thread that it needs. */
const lazy = { inside: refused, afterwards: 'done' };

/** Whether a pool that was made outside starts threads inside; and the processes that threads start. */
const libraries: Record<string, { pool: object; outside: string[] }> = {
  piscina: { pool: lazy, outside: [] },
  tinypool: { pool: lazy, outside: [] },
  workerpool: { pool: lazy, outside: [] },
  // All start with the pool.
  'jest-worker': { pool: { inside: 'done', afterwards: 'done' }, outside: [] },
  esbuild: { pool: lazy, outside: ['esbuild'] },
};

describeIf('cgroup', 'libraries that start worker threads, within contain()', () => {
  test.each(Object.entries(libraries))('%s: get an error, unless they may be outside', async (name, expected) => {
    const seen = await fixtureResult('libraries/threads.mjs', name);
    expect(seen).toEqual({ inside: refused, started: 0, allowed: 'done', left: [], ...expected });
  });

  test('esbuild without its thread is inside', async () => {
    const program = { name: 'libraries/threads.mjs', env: { ESBUILD_WORKER_THREADS: '0' } };
    const seen = await fixtureResult(program, 'esbuild');
    const pool = { inside: 'done', afterwards: 'done' };
    expect(seen).toEqual({ inside: 'done', started: 0, pool, allowed: 'done', outside: [], left: [] });
  });
});
