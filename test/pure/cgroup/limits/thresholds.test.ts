import { resolveCageLimits } from '../../../../lib/cgroup/limits/resolve-limits';
import { resolveThresholds, thresholdBytes } from '../../../../lib/cgroup/limits/resolve-thresholds';
import { alreadyRead } from '../../../../lib/common/options/accepted-options';
import { splitOptions } from '../../../../lib/start/request/cage-options';
import type { CageThreshold } from '../../../../types/options';
import { testRows } from '../../../support/rows';

const MIB = 2 ** 20;
const LIMITED = { memory: { max: 200 * MIB } };

test('sizes, and percentages of the limit', () => {
  const resolved = resolveThresholds(['80%', '100M', 4096, '1%', '100%'], LIMITED);
  expect(resolved.map(({ given }) => given)).toEqual(['80%', '100M', 4096, '1%', '100%']);
  const bytes = resolved.map((threshold) => thresholdBytes(threshold, 200 * MIB));
  expect(bytes).toEqual([160 * MIB, 100 * MIB, 4096, 2 * MIB, 200 * MIB]);
});

test('a percentage follows the limit, and a size does not', () => {
  const [share, size] = resolveThresholds(['50%', '10M'], LIMITED);
  if (share === undefined || size === undefined) throw new Error('two were given');
  expect(thresholdBytes(share, 1001)).toBe(500);
  expect(thresholdBytes(share, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(thresholdBytes(size, Number.POSITIVE_INFINITY)).toBe(10 * MIB);
});

test('what means the same is there once, and what only is the same now is not', () => {
  const given = ['50%', '1M', MIB, '1024K', '50%', '100M'] as const;
  expect(resolveThresholds([...given], LIMITED).map((each) => each.given)).toEqual(['50%', '1M', '100M']);
});

testRows(
  'refused as thresholds',
  [
    ['80%', 'for thresholds'],
    [[], 'for thresholds'],
    [[null], 'thresholds[0]'],
    [['10M', '0%'], 'thresholds[1]'],
    [['101%'], 'thresholds[0]'],
    [['1.5%'], 'thresholds[0]'],
    [['05%'], 'thresholds[0]'],
    [['5%x'], 'thresholds[0]'],
    [[' 5%'], 'thresholds[0]'],
    [['max'], 'thresholds[0]'],
    [[Number.POSITIVE_INFINITY], 'thresholds[0]'],
    [[0], 'thresholds[0]'],
    [[1], 'thresholds[0]'],
    [['lots'], 'thresholds[0]'],
  ] as [unknown, string][],
  ([given, named]) =>
    expect(() => resolveThresholds(given, LIMITED)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(named) as string }),
    ),
);

testRows(
  'without a limit of memory',
  [{ pids: 5 }, { memory: 'max' }, { memory: { max: 'max', high: '10M' } }] as const,
  (given) => {
    const limits = resolveCageLimits(given, 'spawn');
    if (limits === undefined) throw new Error('a limit was given');
    expect(resolveThresholds(['10M'], limits)).toHaveLength(1);
    expect(() => resolveThresholds(['10M', '80%'], limits)).toThrow(/memory\.max.* for thresholds\[1\]/);
  },
);

describe('as an option of a start', () => {
  const split = (options: { memory?: string; thresholds?: CageThreshold[] }) =>
    splitOptions(options, alreadyRead({ of: 'spawn' }));

  test('belongs to the private cage, and not to Node', () => {
    const { node, own } = split({ memory: '100M', thresholds: ['80%'] });
    expect(node).toEqual({});
    expect(own.thresholds).toEqual([{ given: '80%', at: { percent: 80 } }]);
    expect(split({ memory: '100M' }).own.thresholds).toEqual([]);
  });

  test('without a private cage it is refused', () => {
    expect(() => split({ thresholds: ['10M'] })).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        option: 'thresholds',
        message: expect.stringMatching(/^thresholds needs a limit beside it: memory, pids/) as string,
      }),
    );
  });
});

testRows<[unknown, string]>(
  'what is wrong is told with what would be right',
  [
    ['80%', "Expected a list of sizes and percentages, as in ['80%', '200M'] for thresholds"],
    [['101%'], "Expected a size such as '200M', or a whole percentage from '1%' to '100%' for thresholds[0]"],
    [['80 percent'], "Expected a size such as '200M', or a whole percentage from '1%' to '100%' for thresholds[0]"],
    [['max'], 'Expected a size that can be reached for thresholds[0]'],
  ],
  ([given, message]) => expect(() => resolveThresholds(given, LIMITED)).toThrow(message),
);
