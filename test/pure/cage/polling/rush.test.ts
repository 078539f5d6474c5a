import { Rush } from '../../../../lib/cage/polling/sampling/rush';

const MIB = 2 ** 20;
const LIMIT = 200 * MIB;
const PROCESS = { pid: 10, start: 100, ppid: 1, name: 'fake', ended: false, rssBytes: 0 };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Whether a process rushes that grows by so many MiB in a millisecond, and is so far from the limit then. */
function rushes(mibPerMs: number, leftMib: number, ms = 5): boolean {
  const rush = new Rush();
  rush.rushes(PROCESS, 0, LIMIT, LIMIT);
  jest.advanceTimersByTime(ms);
  return rush.rushes(PROCESS, mibPerMs * ms * MIB, leftMib * MIB, LIMIT);
}

test('one that fills the last part of its limit at full speed does', () => {
  expect([rushes(3, 39), rushes(3, 41), rushes(0.7, 30), rushes(0.7, 36)]).toEqual([true, false, true, false]);
});

test('one that grows as programs do does not', () => {
  expect([rushes(0.4, 5), rushes(0, 1), rushes(-3, 1)]).toEqual([false, false, false]);
});

test('a moment tells nothing', () => {
  expect(rushes(3, 10, 0.5)).toBe(false);
});

test('another process that has got the pid starts anew', () => {
  const rush = new Rush();
  rush.rushes(PROCESS, 0, LIMIT, LIMIT);
  jest.advanceTimersByTime(5);
  expect(rush.rushes({ ...PROCESS, start: 200 }, 100 * MIB, MIB, LIMIT)).toBe(false);
});

test('whoever has ended is forgotten', () => {
  const rush = new Rush();
  rush.rushes(PROCESS, 0, LIMIT, LIMIT);
  expect(rush.knows(PROCESS)).toBe(true);
  rush.keep([]);
  expect(rush.knows(PROCESS)).toBe(false);
});
