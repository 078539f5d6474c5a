import { isSameLimits, lowerOfBoth } from '../../../../lib/cgroup/limits/cage-limits';
import { resolveCageLimits } from '../../../../lib/cgroup/limits/resolve-cage-limits';
import { testRows } from '../../../support/rows';

const MOST = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

test('milliseconds make a cage by themselves', () => {
  expect(resolveCageLimits({ cpuTimeMs: 1 }, 'run')).toEqual({ memory: {}, cpuTimeMs: 1 });
  expect(resolveCageLimits({ cpuTimeMs: MOST }, 'run')).toEqual({ memory: {}, cpuTimeMs: MOST });
  expect(resolveCageLimits({ cpuTimeMs: undefined }, 'run')).toBeUndefined();
});

testRows(
  'refused as a time',
  [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MOST + 1, '5s', null, true, {}, 5n],
  (given) =>
    expect(() => resolveCageLimits({ cpuTimeMs: given as number }, 'run')).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringContaining('for cpuTimeMs') as string,
      }),
    ),
);

test('the lower of two holds, and cages with different ones are not interchangeable', () => {
  const [one, other] = [
    { memory: {}, cpuTimeMs: 5 },
    { memory: {}, cpuTimeMs: 9 },
  ];
  expect(lowerOfBoth(one, other).cpuTimeMs).toBe(5);
  expect(lowerOfBoth({ memory: {} }, other).cpuTimeMs).toBe(9);
  expect(isSameLimits(one, { ...one })).toBe(true);
  expect(isSameLimits(one, other)).toBe(false);
  expect(isSameLimits(one, { memory: {} })).toBe(false);
});
