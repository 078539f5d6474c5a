import fc from 'fast-check';
import { Timeline } from '../../../../lib/common/drawing/timeline';
import type { Point } from '../../../../lib/programs/cli/chart/chart-data';

const NO_HITS = { max: 0, high: 0 };
const point = (atMs: number, usageBytes: number, swapBytes = 0): Point => ({
  atMs,
  usageBytes,
  swapBytes,
  anonBytes: 0,
  fileBytes: 0,
  kernelBytes: 0,
});

/** Returns as many samples as the timeline asks for. */
function sampled(durationMs: number, usage: (index: number) => number): Timeline<Point> {
  const timeline = new Timeline<Point>();
  for (let ms = 0, index = 0; ms < durationMs; ms += timeline.intervalMs, index += 1) {
    timeline.add(point(ms, usage(index)), NO_HITS);
  }
  return timeline;
}

describe('Timeline', () => {
  test('keeps every sample of a short run', () => {
    const timeline = sampled(300, (index) => index);
    expect(timeline.points.map(({ usageBytes }) => usageBytes)).toEqual([...Array(30).keys()]);
    expect(timeline.intervalMs).toBe(10);
  });

  test.each([
    ['3 hours', 3 * 3_600_000],
    ['a day', 86_400_000],
  ])('%s take no more than three samples for each of 512 stretches', (_, durationMs) => {
    const timeline = sampled(durationMs, (index) => (index * 7919) % 1000);
    expect(timeline.intervalMs).toBe(1000);
    expect(timeline.points.length).toBeLessThanOrEqual(3 * 512 + 1);
    expect(timeline.points.length).toBeGreaterThan(256);
    expect(timeline.samples).toBeGreaterThan(timeline.points.length);
  });

  test('never loses the highest, the lowest, the most swap, the first and the last sample, nor an event', () => {
    const moments = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: 5000 }), usage: fc.nat(1e6), swap: fc.nat(1e6), max: fc.nat(3) }),
      { minLength: 1, maxLength: 2000, size: 'max' },
    );
    fc.assert(
      fc.property(moments, (given) => {
        const timeline = new Timeline<Point>();
        let ms = 0;
        const all = given.map(({ gap, usage, swap, max }) => {
          ms += gap;
          const each = point(ms, usage, swap);
          timeline.add(each, { max, high: 2 * max });
          if (max === 3) timeline.addKills({ atMs: ms, kills: 1 });
          return each;
        });
        const { points, hits, kills } = timeline;
        const usage = (of: readonly Point[]) => of.map(({ usageBytes }) => usageBytes);
        expect(Math.max(...usage(points))).toBe(Math.max(...usage(all)));
        expect(Math.min(...usage(points))).toBe(Math.min(...usage(all)));
        expect(Math.max(...points.map(({ swapBytes }) => swapBytes))).toBe(
          Math.max(...all.map(({ swapBytes }) => swapBytes)),
        );
        expect(points.at(-1)).toBe(all.at(-1));
        const known = new Set(all);
        expect(points.every((each) => known.has(each))).toBe(true);
        expect(points.map(({ atMs }) => atMs)).toEqual(points.map(({ atMs }) => atMs).sort((a, b) => a - b));
        const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
        expect(sum(hits.map(({ max }) => max))).toBe(sum(given.map(({ max }) => max)));
        expect(sum(hits.map(({ high }) => high))).toBe(2 * sum(given.map(({ max }) => max)));
        expect(sum(kills.map((each) => each.kills))).toBe(given.filter(({ max }) => max === 3).length);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test('before the first sample and after the last there are gaps too', () => {
    const timeline = new Timeline<Point>();
    timeline.add(point(100, 1), NO_HITS);
    timeline.add(point(110, 1), NO_HITS);
    timeline.end(400);
    expect(timeline.gaps).toEqual([
      { fromMs: 0, toMs: 100 },
      { fromMs: 110, toMs: 400 },
    ]);
    const unseen = new Timeline<Point>();
    unseen.end(100);
    expect(unseen.gaps).toEqual([{ fromMs: 0, toMs: 100 }]);
  });

  test('a late first sample is no gap of a run so long that samples have become rare', () => {
    const timeline = new Timeline<Point>();
    for (let ms = 100; ms < 600_000; ms += timeline.intervalMs) timeline.add(point(ms, ms), NO_HITS);
    timeline.end(600_000);
    expect(timeline.intervalMs).toBeGreaterThan(100);
    expect(timeline.gaps).toEqual([]);
  });

  test('a hit lies between the sample before it and its own', () => {
    const timeline = new Timeline<Point>();
    timeline.add(point(5, 1), NO_HITS);
    timeline.add(point(17, 1), { max: 4, high: 0 });
    expect(timeline.hits).toEqual([{ fromMs: 5, toMs: 17, max: 4, high: 0 }]);
  });

  test('a kill keeps the moment of the first when it joins others', () => {
    const timeline = new Timeline<Point>();
    for (const atMs of [31, 33, 38]) timeline.addKills({ atMs, kills: 1 });
    expect(timeline.kills).toEqual([{ atMs: 31, kills: 3 }]);
  });
});
