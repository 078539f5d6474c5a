import { fixtureResult } from '../../support/fixture';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

/** How the pools differ: how they report an end, and when they start workers. */
const pools: Record<string, { ends: object; where: Record<string, string[]>; launched: object | null }> = {
  'jest-worker': {
    ends: {
      error: 'RangeError: said the worker',
      crash: expect.stringMatching(/was terminated by another process: signal=SIGKILL/),
    },
    // All start with the pool. A killed one is started again with the next task.
    where: { 'made inside': ['in'], 'used inside': ['out'], 'restarted inside': ['out'] },
    launched: { found: ['in'], echoed: 'through the launcher' },
  },
  tinypool: {
    ends: {
      error: 'RangeError: said the worker',
      crash: 'Error: Worker exited unexpectedly',
      stopped: 'AbortError: The task has been aborted',
    },
    where: { 'made inside': ['out'], 'used inside': ['in'], 'restarted inside': ['in'] },
    // It has no option for the path of Node.
    launched: null,
  },
  workerpool: {
    ends: {
      error: 'Error: said the worker',
      crash: 'Error: Workerpool Worker terminated Unexpectedly',
      stopped: 'TimeoutError: Promise timed out after 300 ms',
    },
    where: { 'made inside': ['out'], 'used inside': ['in'], 'restarted inside': ['in'] },
    launched: { found: ['in'], echoed: 'through the launcher' },
  },
};

const FIXTURE = 'libraries/pools.mjs';
const names = Object.keys(pools);

describeIf('cgroup', 'pools of worker processes, within contain()', () => {
  test.each(names)('%s: the same as outside', async (name) => {
    const seen = await fixtureResult<Record<'outside' | 'inside' | 'left', unknown>>(FIXTURE, name, 'behaviour');
    const whole = { workers: 2, echoed: true, output: 'said', afterCrash: 'still there', afterStop: 'still there' };
    expect(seen.outside).toMatchObject({ ...whole, ended: true, ...pools[name]?.ends });
    expect(seen.inside).toEqual(seen.outside);
    expect(seen.left).toEqual([]);
  });

  test.each(names)('%s: a worker is where it was started, or where the launcher puts it', async (name) => {
    const always = { 'made and used inside': ['in'], 'made inside, with all its workers': ['in'] };
    expect(await fixtureResult(FIXTURE, name, 'places')).toEqual({
      where: { ...always, ...pools[name]?.where },
      launched: pools[name]?.launched,
      left: [],
    });
  });
});
