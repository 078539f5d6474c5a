import { Backoff, type PoolState, startsDue } from '../../../../lib/jobs/warm-pool/starts-due';

const EMPTY: PoolState = {
  spare: 2,
  maxChildren: Number.POSITIVE_INFINITY,
  fillAtOnce: 1,
  mayFill: true,
  idle: 0,
  loading: 0,
  busy: 0,
  waiting: 0,
};

test.each<[string, Partial<PoolState>, number]>([
  ['an empty pool loads as many as may load at once', {}, 1],
  ['more on a larger machine', { fillAtOnce: 4 }, 2],
  ['one loads, and the next has to wait', { loading: 1 }, 0],
  ['one waits, one is missing', { idle: 1 }, 1],
  ['all wait', { idle: 2 }, 0],
  ['nothing is started for nobody while it may not be', { mayFill: false }, 0],
  ['who waits has one started whatever may be', { mayFill: false, waiting: 1 }, 1],
  ['each who waits has one', { waiting: 3, fillAtOnce: 2 }, 5],
  ['one that loads is for who waits', { waiting: 1, loading: 1, mayFill: false }, 0],
  ['and no reason to load none for the next', { waiting: 1, loading: 1 }, 1],
  ['no more than the most', { maxChildren: 3, busy: 2, waiting: 5 }, 1],
  ['not even for who waits', { maxChildren: 2, busy: 2, waiting: 5 }, 0],
  ['a most that is exceeded starts none', { maxChildren: 1, busy: 2, waiting: 5 }, 0],
  ['no spares', { spare: 0 }, 0],
  ['no spares, but one who waits', { spare: 0, waiting: 1 }, 1],
])('%s', (_, supply, due) => {
  expect(startsDue({ ...EMPTY, ...supply })).toBe(due);
});

test('waits twice as long each time, at most a minute, until something was good', () => {
  const backoff = new Backoff();
  expect(backoff.delayMs).toBe(0);
  const delays = Array.from({ length: 12 }, () => {
    backoff.failed();
    return backoff.delayMs;
  });
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  backoff.succeeded();
  expect(backoff.delayMs).toBe(0);
});
