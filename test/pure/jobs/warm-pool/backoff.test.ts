import { Backoff } from '../../../../lib/jobs/warm-pool/backoff';

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
