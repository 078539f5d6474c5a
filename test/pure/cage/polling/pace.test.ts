import { assert, double, property } from 'fast-check';
import { Pace, ProcessorShare } from '../../../../lib/cage/polling/sampling/pace';

const MIB = 2 ** 20;
const LIMIT = 500 * MIB;

/** How soon the next look is, after two looks at these sizes with 10 ms in between. */
function pauseAfter(fromMib: number, toMib: number, limitBytes = LIMIT): number {
  const pace = new Pace();
  pace.after(fromMib * MIB, limitBytes, 1000);
  return pace.after(toMib * MIB, limitBytes, 1010);
}

test('the nearer to the limit, the sooner', () => {
  const pauses = [100, 350, 450, 490].map((mib) => pauseAfter(mib, mib));
  expect(pauses).toEqual([...pauses].sort((a, b) => b - a));
  expect(new Set(pauses).size).toBe(pauses.length);
});

test('the faster it grows, the sooner', () => {
  expect(pauseAfter(360, 400)).toBeLessThan(pauseAfter(390, 400));
});

test('with growth as until then, it is looked at before the limit is reached', () => {
  const pauseMs = pauseAfter(300, 400);
  expect(400 + (100 / 10) * pauseMs).toBeLessThan(500);
});

test('growth is not forgotten at once when it pauses', () => {
  const pace = new Pace();
  for (const [mib, ms] of [
    [100, 0],
    [300, 10],
    [300, 20],
  ] as const)
    pace.after(mib * MIB, LIMIT, ms);
  expect(pace.after(300 * MIB, LIMIT, 30)).toBeLessThan(pauseAfter(300, 300));
});

test('never later than after 100 ms, and sooner than after 2 only if it is about to reach its limit', () => {
  expect(pauseAfter(499, 499)).toBe(2);
  expect(pauseAfter(300, 490)).toBeLessThan(0.5);
  expect(pauseAfter(1, 1, 1000 * LIMIT)).toBe(100);
});

test('without a limit: soon while it grows, else seldom', () => {
  expect(pauseAfter(0, 0, Number.POSITIVE_INFINITY)).toBe(100);
  expect(pauseAfter(10, 200, Number.POSITIVE_INFINITY)).toBe(2);
  const pace = new Pace();
  pace.after(200 * MIB, Number.POSITIVE_INFINITY, 0);
  let pauseMs = 0;
  for (let ms = 10; ms < 500; ms += 10) pauseMs = pace.after(200 * MIB, Number.POSITIVE_INFINITY, ms);
  expect(pauseMs).toBe(100);
});

/** What looks of that cost take of a processor in a minute, each as soon as it can be paid. */
function spentInAMinute(costMs: number): number {
  const share = new ProcessorShare(0);
  let spentMs = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += costMs + share.waitMs(nowMs + costMs)) {
    spentMs += costMs;
    share.spend(costMs, nowMs + costMs);
  }
  return spentMs;
}

test('a twentieth of a processor, however much a look costs', () => {
  assert(
    property(double({ min: 0.05, max: 50, noNaN: true }), (costMs) => {
      const spentMs = spentInAMinute(costMs);
      // What was saved before comes on top, and the last look is counted whole.
      expect(spentMs).toBeLessThanOrEqual(0.05 * 60_000 + 50 + costMs);
      expect(spentMs).toBeGreaterThan(0.9 * 0.05 * 60_000);
    }),
    { numRuns: 50 },
  );
});

test('a look that costs more than can be saved comes at last', () => {
  const share = new ProcessorShare(0);
  share.spend(10_000, 10_000);
  expect(share.waitMs(10_000)).toBeLessThanOrEqual(2000);
});

test('what is not urgent waits while there is little', () => {
  const share = new ProcessorShare(0);
  expect(share.isAmple(0)).toBe(true);
  share.spend(40, 0);
  expect(share.isAmple(0)).toBe(false);
  expect(share.waitMs(0)).toBe((40 - 10) / 0.05);
  expect(share.isAmple(1000)).toBe(true);
});
