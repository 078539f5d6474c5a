import { assert, double, property } from 'fast-check';
import { Budget } from '../../../../lib/cage/polling/sampling/budget';

/** What looks of that cost take of a processor in a minute, each as soon as it can be paid. */
function spentInAMinute(costMs: number): number {
  const budget = new Budget(0);
  let spentMs = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += costMs + budget.waitMs(nowMs + costMs)) {
    spentMs += costMs;
    budget.spend(costMs, nowMs + costMs);
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
  const budget = new Budget(0);
  budget.spend(10_000, 10_000);
  expect(budget.waitMs(10_000)).toBeLessThanOrEqual(2000);
});

test('what is not urgent waits while there is little', () => {
  const budget = new Budget(0);
  expect(budget.isAmple(0)).toBe(true);
  budget.spend(40, 0);
  expect(budget.isAmple(0)).toBe(false);
  expect(budget.waitMs(0)).toBe((40 - 10) / 0.05);
  expect(budget.isAmple(1000)).toBe(true);
});
