import { type CageLimits, isSameLimits, lowerOfBoth } from '../../../../lib/cgroup/limits/cage-limits';
import { testRows } from '../../../support/rows';

testRows<[CageLimits, CageLimits, boolean]>(
  'the same limits',
  [
    [{ memory: {} }, { memory: {} }, true],
    [{ memory: { max: 1 } }, { memory: { max: 1 } }, true],
    [{ memory: { max: 1 } }, { memory: { max: 2 } }, false],
    [{ memory: { max: 1 } }, { memory: { max: 1, swap: 0 } }, false],
    [{ memory: {}, pids: 1 }, { memory: {} }, false],
    [{ memory: {}, cpu: { max: 1 } }, { memory: {}, cpu: { max: 1 } }, true],
    [{ memory: {}, cpu: { max: 1 } }, { memory: {}, cpu: { weight: 1 } }, false],
  ],
  ([one, other, same]) => {
    expect(isSameLimits(one, other)).toBe(same);
    expect(isSameLimits(other, one)).toBe(same);
  },
);

testRows<[CageLimits, CageLimits, CageLimits]>(
  'of two limits the lower one holds',
  [
    [{ memory: {} }, { memory: {} }, { memory: {} }],
    [
      { memory: { max: 5 }, pids: 3 },
      { memory: { max: 4 }, pids: 7 },
      { memory: { max: 4 }, pids: 3 },
    ],
    [{ memory: { max: 5 } }, { memory: { swap: 4 }, pids: 7 }, { memory: { max: 5, swap: 4 }, pids: 7 }],
    [
      { memory: {}, cpu: { max: 2, weight: 50 } },
      { memory: {}, cpu: { max: 1, weight: 70, set: '0' } },
      { memory: {}, cpu: { max: 1, weight: 50, set: '0' } },
    ],
    [
      { memory: {}, pids: Number.POSITIVE_INFINITY },
      { memory: {}, pids: 4 },
      { memory: {}, pids: 4 },
    ],
  ],
  ([one, other, both]) => {
    expect(lowerOfBoth(one, other)).toEqual(both);
  },
);
