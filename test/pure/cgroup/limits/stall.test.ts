import { isSameLimits, lowerOfBoth, type ResolvedStall } from '../../../../lib/cgroup/limits/cage-limits';
import { resolveCageLimits, resolveStall } from '../../../../lib/cgroup/limits/resolve-limits';
import type { StallOption } from '../../../../types/options';
import { testRows } from '../../../support/rows';

const MOST = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

testRows(
  'makes a cage by itself, with defaults',
  [
    [{}, { limitMs: 10_000, action: 'kill' }],
    [{ limitMs: 500 }, { limitMs: 500, action: 'kill' }],
    [
      { limitMs: MOST, action: 'event' },
      { limitMs: MOST, action: 'event' },
    ],
    [{ action: 'event' }, { limitMs: 10_000, action: 'event' }],
  ] as [StallOption, ResolvedStall][],
  ([given, stall]) => expect(resolveCageLimits({ stall: given }, 'run')).toEqual({ memory: {}, stall }),
);

test('what a change leaves out stays', () => {
  const before = { limitMs: 700, action: 'event' } as const;
  expect(resolveStall({ limitMs: 900 }, 'cage.setLimits', before)).toEqual({ limitMs: 900, action: 'event' });
  expect(resolveStall({ action: 'kill' }, 'cage.setLimits', before)).toEqual({ limitMs: 700, action: 'kill' });
});

testRows(
  'refused as a limit of stalls',
  [
    [true, 'for stall '],
    [10_000, 'for stall '],
    ['10s', 'for stall '],
    [null, 'for stall '],
    [[], 'for stall '],
    [{ limitMs: 499 }, 'for stall.limitMs'],
    [{ limitMs: 500.5 }, 'for stall.limitMs'],
    [{ limitMs: '500' }, 'for stall.limitMs'],
    [{ limitMs: MOST + 1 }, 'for stall.limitMs'],
    [{ limitMs: Number.POSITIVE_INFINITY }, 'for stall.limitMs'],
    [{ action: 'tell' }, 'for stall.action'],
    [{ action: true }, 'for stall.action'],
    [{ timeout: 500 }, "Unknown option 'stall.timeout' of run: did you mean 'stall.limitMs'"],
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
    [{ limitMs: 900, action: 'event' }, { limitMs: 1000, action: 'kill' }, 'other'],
    [{ limitMs: 1000, action: 'event' }, { limitMs: 900, action: 'kill' }, 'other'],
    [{ limitMs: 900, action: 'kill' }, { limitMs: 1000, action: 'kill' }, 'one'],
    [{ limitMs: 1000, action: 'event' }, { limitMs: 900, action: 'event' }, 'other'],
    [undefined, { limitMs: 900, action: 'event' }, 'other'],
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
    { memory: {}, stall: { limitMs: 900, action: 'event' } },
    { memory: {}, stall: { limitMs: 1000, action: 'kill' } },
  ] as const;
  expect(isSameLimits(one, { memory: {}, stall: { ...one.stall } })).toBe(true);
  expect(isSameLimits(one, other)).toBe(false);
  expect(isSameLimits(one, { memory: {} })).toBe(false);
});
