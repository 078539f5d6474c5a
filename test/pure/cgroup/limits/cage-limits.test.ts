import {
  type CageLimits,
  isSameLimits,
  lowerOfBoth,
  memoryAndSwap,
  type ResolvedCpu,
  withinAround,
} from '../../../../lib/cgroup/limits/cage-limits';
import { withCode } from '../../../support/error-code';
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

test('a child may have its memory and its swap, and without limits anything', () => {
  expect(memoryAndSwap({ memory: { max: 3, swap: 2 } })).toBe(5);
  expect(memoryAndSwap({ memory: { max: 3 } })).toBe(3);
  expect(memoryAndSwap({ memory: {} })).toBe(Number.POSITIVE_INFINITY);
});

testRows<[CageLimits, CageLimits, CageLimits]>(
  'of two limits the lower one holds',
  [
    [{ memory: {} }, { memory: {} }, { memory: {} }],
    [
      { memory: {}, cpu: { max: 2 } },
      { memory: {}, cpu: { max: 1 } },
      { memory: {}, cpu: { max: 1 } },
    ],
    [
      { memory: {}, cpu: { weight: 2 } },
      { memory: {}, cpu: { weight: 3 } },
      { memory: {}, cpu: { weight: 2 } },
    ],
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
    [{ memory: {}, cpu: { max: 2 } }, { memory: {} }, { memory: {}, cpu: { max: 2 } }],
    [
      { memory: {}, pids: Number.POSITIVE_INFINITY },
      { memory: {}, pids: 4 },
      { memory: {}, pids: 4 },
    ],
  ],
  ([one, other, both]) => {
    expect(lowerOfBoth(one, other)).toStrictEqual(both);
  },
);

testRows<[ResolvedCpu | undefined, ResolvedCpu | undefined, ResolvedCpu | undefined]>(
  'a cgroup within another can have no more processors than that',
  [
    [undefined, { max: 1 }, undefined],
    [{ max: 2 }, undefined, { max: 2 }],
    [{ max: 2 }, {}, { max: 2 }],
    [
      { max: 2, set: '0-3' },
      { max: 1, set: '2-5' },
      { max: 1, set: '2-3' },
    ],
    [
      { max: 1, set: '2' },
      { max: 4, set: '0-7' },
      { max: 1, set: '2' },
    ],
    // What it does not limit, and a weight, is up to the one around it.
    [{ weight: 50 }, { max: 1, weight: 10, set: '0' }, { weight: 50 }],
    [{ max: 2 }, { max: 1, set: '0' }, { max: 1 }],
    [{ set: '0-1' }, { max: 1, set: '0' }, { set: '0' }],
  ],
  ([own, around, expected]) => {
    const within = withinAround({ pids: 5, ...(own && { cpu: own }) }, around);
    expect(within).toStrictEqual({ pids: 5, ...(expected && { cpu: expected }) });
  },
);

test('without a processor in common it can have none', () => {
  expect(() => withinAround({ cpu: { set: '0' } }, { set: '1' })).toThrow(withCode('LIMIT_REFUSED'));
});
