import { isSameLimits, lowerOfBoth } from '../../../../lib/cgroup/limits/cage-limits';
import { type GivenLimits, resolveCageLimits, resolveChanges } from '../../../../lib/cgroup/limits/resolve-limits';
import type * as LoadNativeModule from '../../../../lib/common/addon/load-native';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const MOST = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

let pageSize: number | undefined;
jest.mock('../../../../lib/common/addon/load-native', () => ({
  ...jest.requireActual<typeof LoadNativeModule>('../../../../lib/common/addon/load-native'),
  canLoad: () => pageSize !== undefined,
  loadNative: () => ({ constants: { pageSize } }),
}));

test('a limit is at least a page of this machine, if that is known', () => {
  pageSize = 65_536;
  expect(() => resolveCageLimits({ memory: '32K' }, 'run')).toThrow('at least one page of memory (65536 bytes)');
  pageSize = undefined;
  expect(resolveCageLimits({ memory: '32K' }, 'run')).toEqual({ memory: { max: 32_768 } });
});

testRows<[GivenLimits, string]>(
  'what is wrong is told with what would be right',
  [
    [
      { memory: true as never },
      "Expected a size such as '100M', or an object of max, swap, swapHigh, zswap, high, low, min, soft, swappiness, oomGroup, oomKill for memory but received true",
    ],
    [{ memory: { swappiness: -1 } }, 'Expected an integer from 0 to 200 for memory.swappiness'],
    [{ memory: { oomKill: 1 as never } }, 'Expected true or false for memory.oomKill'],
    [{ cpuTimeMs: 0 }, 'Expected milliseconds, an integer from 1 to 9007199254740 for cpuTimeMs'],
    [{ stall: 5 as never }, 'Expected an object of limitMs, action, such as { limitMs: 10_000 } for stall'],
    [{ stall: { limitMs: 1 } }, 'Expected milliseconds, an integer from 500 to 9007199254740 for stall.limitMs'],
    [{ stall: { action: 'tell' as never } }, "Expected 'kill' or 'event' for stall.action"],
  ],
  ([given, message]) => expect(thrown(() => resolveCageLimits(given, 'run')).message).toContain(message),
);

testRows<[NonNullable<GivenLimits['memory']>, beside: string]>(
  'a new cage says what its memory.max is',
  [
    [{}, ''],
    [{ swap: '1M', high: '1M' }, ' beside swap'],
  ],
  ([memory, beside]) => {
    const refused = thrown(() => resolveCageLimits({ memory }, 'createCage'));
    expect(refused).toMatchObject({
      message: `memory needs max${beside}. Cure: max: 'max' if it has no limit`,
      option: 'memory.max',
      words: expect.arrayContaining([expect.objectContaining({ name: 'memory' })]) as unknown,
    });
    expect(resolveChanges({ memory }, 'cage.setLimits')).toMatchObject({ memory: {} });
  },
);

test('a processor time makes a cage by itself', () => {
  expect(resolveCageLimits({ cpuTimeMs: 1 }, 'run')).toEqual({ memory: {}, cpuTimeMs: 1 });
  expect(resolveCageLimits({ cpuTimeMs: MOST }, 'run')).toEqual({ memory: {}, cpuTimeMs: MOST });
  expect(resolveCageLimits({ cpuTimeMs: undefined }, 'run')).toBeUndefined();
});

testRows(
  'what is refused as a processor time',
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
