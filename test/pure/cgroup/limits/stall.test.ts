import { isSameLimits, lowerOfBoth, type ResolvedStall } from '../../../../lib/cgroup/limits/cage-limits';
import { resolveCageLimits, resolveStall } from '../../../../lib/cgroup/limits/resolve-limits';
import type { StallOption } from '../../../../types/options';
import { testRows } from '../../../support/rows';

const MOST = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

testRows(
  'makes a cage by itself, with defaults',
  [
    [{}, { ms: 10_000, action: 'kill' }],
    [{ ms: 500 }, { ms: 500, action: 'kill' }],
    [
      { ms: MOST, action: 'event' },
      { ms: MOST, action: 'event' },
    ],
    [{ action: 'event' }, { ms: 10_000, action: 'event' }],
  ] as [StallOption, ResolvedStall][],
  ([given, stall]) => expect(resolveCageLimits({ stall: given }, 'run')).toEqual({ memory: {}, stall }),
);

test('what a change leaves out stays', () => {
  const before = { ms: 700, action: 'event' } as const;
  expect(resolveStall({ ms: 900 }, 'cage.setLimits', before)).toEqual({ ms: 900, action: 'event' });
  expect(resolveStall({ action: 'kill' }, 'cage.setLimits', before)).toEqual({ ms: 700, action: 'kill' });
});

testRows(
  'refused as a limit of stalls',
  [
    [true, 'for stall '],
    [10_000, 'for stall '],
    ['10s', 'for stall '],
    [null, 'for stall '],
    [[], 'for stall '],
    [{ ms: 499 }, 'for stall.ms'],
    [{ ms: 500.5 }, 'for stall.ms'],
    [{ ms: '500' }, 'for stall.ms'],
    [{ ms: MOST + 1 }, 'for stall.ms'],
    [{ ms: Number.POSITIVE_INFINITY }, 'for stall.ms'],
    [{ action: 'tell' }, 'for stall.action'],
    [{ action: true }, 'for stall.action'],
    [{ timeout: 500 }, "Unknown option 'stall.timeout' of run: did you mean 'stall.ms'"],
    [{ acton: 'kill' }, "did you mean 'stall.action'"],
    [{ kill: true }, "did you mean 'stall.action'"],
  ] as [unknown, string][],
  ([given, told]) =>
    expect(() => resolveCageLimits({ stall: given as StallOption }, 'run')).toThrow(
      expect.objectContaining({ message: expect.stringContaining(told) as string }),
    ),
);

testRows(
  'of two, the one that kills holds, else the lower one',
  [
    [{ ms: 900, action: 'event' }, { ms: 1000, action: 'kill' }, 'other'],
    [{ ms: 1000, action: 'event' }, { ms: 900, action: 'kill' }, 'other'],
    [{ ms: 900, action: 'kill' }, { ms: 1000, action: 'kill' }, 'one'],
    [{ ms: 1000, action: 'event' }, { ms: 900, action: 'event' }, 'other'],
    [undefined, { ms: 900, action: 'event' }, 'other'],
  ] as [ResolvedStall | undefined, ResolvedStall, 'one' | 'other'][],
  ([one, other, which]) => {
    const [first, second] = [
      { memory: {}, ...(one && { stall: one }) },
      { memory: {}, stall: other },
    ];
    const holds = which === 'one' ? one : other;
    expect(lowerOfBoth(first, second).stall).toEqual(holds);
    expect(lowerOfBoth(second, first).stall).toEqual(holds);
  },
);

test('cages with different ones are not interchangeable', () => {
  const [one, other] = [
    { memory: {}, stall: { ms: 900, action: 'event' } },
    { memory: {}, stall: { ms: 1000, action: 'kill' } },
  ] as const;
  expect(isSameLimits(one, { memory: {}, stall: { ...one.stall } })).toBe(true);
  expect(isSameLimits(one, other)).toBe(false);
  expect(isSameLimits(one, { memory: {} })).toBe(false);
});
