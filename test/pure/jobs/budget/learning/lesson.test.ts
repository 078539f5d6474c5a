import * as fc from 'fast-check';
import { type Attempt, lessonOf, reachedOwnLimit } from '../../../../../lib/jobs/budget/learning/lesson';
import type { OomVerdict, Outcome } from '../../../../../types/outcome';
import { testRows } from '../../../../support/rows';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** An attempt that ended by itself, far below its limit, and that nobody looked at. */
const usual: Attempt = {
  limitBytes: GIB,
  wasKilled: false,
  wasCut: false,
  killedAtBytes: null,
  peakBytes: 100 * MIB,
  mostUsedBytes: null,
  durationMs: 10_000,
};
const needed = (changes: Partial<Attempt>) => lessonOf({ ...usual, ...changes })?.bytes;

describe('what a job needed that ended by itself', () => {
  it('is its peak if it was not looked at', () => {
    expect(lessonOf(usual)).toEqual({ bytes: 100 * MIB, wasKilled: false });
  });

  it('is its peak if it was too short to be looked at four times', () => {
    expect(needed({ mostUsedBytes: 60 * MIB, durationMs: 999 })).toBe(100 * MIB);
  });

  it('is a little more than it was seen to use, the longer it ran the less', () => {
    // Four looks, ten, and a hundred.
    const [four, ten, hundred] = [1000, 2500, 25_000].map((durationMs) =>
      needed({ mostUsedBytes: 45 * MIB, durationMs }),
    );
    expect([four, ten, hundred]).toEqual([(45 * MIB * 4) / 3.5, (45 * MIB * 10) / 9.5, (45 * MIB * 100) / 99.5]);
  });

  it('is no more than its peak', () => {
    expect(needed({ mostUsedBytes: 99 * MIB, durationMs: 1000 })).toBe(100 * MIB);
  });

  it('is what it was seen to use if page cache filled its limit', () => {
    expect(needed({ peakBytes: GIB, mostUsedBytes: 40 * MIB, durationMs: 25_000 })).toBe((40 * MIB * 100) / 99.5);
  });

  testRows(
    'is unknown if it reached its limit, and nobody looked at it four times',
    [
      { peakBytes: GIB },
      { peakBytes: GIB - 512 * 1024 },
      { peakBytes: null },
      { peakBytes: GIB, mostUsedBytes: 40 * MIB, durationMs: 999 },
    ],
    (changes) => {
      expect(lessonOf({ ...usual, ...changes })).toBeUndefined();
    },
  );

  it('is taken from looks alone where the kernel records no peak', () => {
    expect(needed({ peakBytes: null, mostUsedBytes: 99.5 * MIB, durationMs: 25_000 })).toBe(100 * MIB);
  });
});

describe('what a job needed that was killed', () => {
  it('is what would be tried next, if nothing worked', () => {
    expect(lessonOf({ ...usual, wasKilled: true, peakBytes: GIB })).toEqual({ bytes: 1.5 * GIB, wasKilled: true });
  });

  it('is what the attempt needed that worked', () => {
    expect(lessonOf({ ...usual, killedAtBytes: 64 * MIB })).toEqual({ bytes: 100 * MIB, wasKilled: true });
  });

  it('is no less than the limit that was too low, whatever the looks say', () => {
    expect(needed({ killedAtBytes: 64 * MIB, mostUsedBytes: 30 * MIB })).toBe(64 * MIB);
  });

  it('is the limit that worked, if nothing else is known', () => {
    expect(needed({ killedAtBytes: 700 * MIB, peakBytes: GIB })).toBe(GIB);
  });
});

describe('what a job needed that was cut', () => {
  it('is unknown', () => {
    expect(lessonOf({ ...usual, wasCut: true, mostUsedBytes: 90 * MIB })).toBeUndefined();
  });

  it('is more than the limit at which it was killed before', () => {
    expect(needed({ wasCut: true, killedAtBytes: 64 * MIB })).toBe(96 * MIB);
  });
});

it('stays within the bounds, whatever came', () => {
  const bytes = fc.integer({ min: 4096, max: 2 ** 40 });
  const attempt = fc.record({
    limitBytes: bytes,
    wasKilled: fc.boolean(),
    wasCut: fc.boolean(),
    killedAtBytes: fc.option(bytes),
    peakBytes: fc.option(bytes),
    mostUsedBytes: fc.option(bytes),
    durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  });
  fc.assert(
    fc.property(attempt, (last) => {
      const lesson = lessonOf(last);
      if (lesson === undefined) return;
      const { limitBytes, killedAtBytes, wasKilled, wasCut } = last;
      expect(lesson.bytes).toBeGreaterThan(0);
      if (wasKilled) expect(lesson.bytes).toBeGreaterThan(limitBytes);
      else if (killedAtBytes !== null) expect(lesson.bytes).toBeGreaterThanOrEqual(killedAtBytes);
      else expect(lesson.bytes).toBeLessThanOrEqual(wasCut ? 0 : limitBytes);
    }),
  );
});

describe('whether a job needs more than its limit', () => {
  const oom = (cause: OomVerdict['cause'], limitBytes: number) => ({ oom: { cause, limitBytes } });
  const heap = (exhausted: 'likely' | 'no') => ({ nodeHeap: { limitBytes: 300 * MIB, exhausted } });

  testRows<[told: object, isOwn: boolean]>(
    'follows from its outcome',
    [
      [oom('limit', GIB), true],
      [oom('polled', GIB), true],
      [oom('refused', GIB), true],
      [heap('likely'), true],
      [oom('polled', 4 * GIB), false],
      [oom('refused', 4 * GIB), false],
      [oom('cage', 4 * GIB), false],
      [oom('unknown', GIB), false],
      [heap('no'), false],
      [{}, false],
    ],
    ([told, isOwn]) => {
      const memory = { limitBytes: GIB, peakBytes: GIB, swapLimited: true, details: null };
      expect(reachedOwnLimit({ oom: null, nodeHeap: null, memory, ...told } as Outcome)).toBe(isOwn);
    },
    { name: ([told]) => JSON.stringify(told) },
  );
});
