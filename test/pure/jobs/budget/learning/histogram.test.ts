import * as fc from 'fast-check';
import { bucketOf, Histogram, LAST_BUCKET, upperEdge } from '../../../../../lib/jobs/budget/learning/histogram';
import { testRows } from '../../../../support/rows';
import { thrown } from '../../../../support/thrown';

const MIB = 1024 ** 2;
const anyBytes = fc.integer({ min: 1, max: 2 ** 40 });
const edge = (bytes: number) => upperEdge(bucketOf(bytes));

function histogramOf(sizes: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const bytes of sizes) histogram.add(bytes, 1);
  return histogram;
}

describe('percentile', () => {
  it('is the upper edge of the bucket with the size of that rank', () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 100 }),
        (sizes, percent) => {
          const sorted = [...sizes].sort((a, b) => a - b);
          const rank = Math.ceil((sizes.length * percent) / 100);
          expect(histogramOf(sizes).percentile(percent / 100)).toBe(edge(sorted[rank - 1] ?? Number.NaN));
        },
      ),
    );
  });

  it('counts by weight', () => {
    const histogram = new Histogram();
    histogram.add(100 * MIB, 94);
    histogram.add(200 * MIB, 6);
    expect(histogram.percentile(0.94)).toBe(edge(100 * MIB));
    expect(histogram.percentile(0.95)).toBe(edge(200 * MIB));
  });

  it('is 0 if there is nothing', () => {
    expect(new Histogram().percentile(0.95)).toBe(0);
  });

  it('does not change when everything weighs less', () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes, { minLength: 1, maxLength: 100 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (sizes, factor) => {
          const histogram = histogramOf(sizes);
          const before = histogram.percentile(0.95);
          histogram.decay(factor);
          expect(histogram.percentile(0.95)).toBe(before);
        },
      ),
    );
  });
});

describe('decay', () => {
  it('has what comes later count for more', () => {
    const histogram = histogramOf(Array.from({ length: 20 }, () => 200 * MIB));
    histogram.decay(0.5 / 20);
    for (let i = 0; i < 20; i += 1) histogram.add(100 * MIB, 1);
    expect(histogram.percentile(0.95)).toBe(edge(100 * MIB));
    expect(histogram.percentile(1)).toBe(edge(200 * MIB));
  });

  it('forgets what weighs next to nothing, and keeps the rest', () => {
    const histogram = histogramOf([100 * MIB]);
    histogram.decay(2 ** -10);
    expect(histogram.weights()).toEqual([[bucketOf(100 * MIB), 2 ** -10]]);
    histogram.decay(0.99);
    expect(histogram.weights()).toEqual([]);
  });
});

describe('Histogram.of', () => {
  it('makes a histogram of its weights', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 100 }), (sizes) => {
        const weights = histogramOf(sizes).weights();
        expect(Histogram.of(weights).weights()).toEqual(weights);
      }),
    );
  });

  const wrong: [number, number][] = [
    [-1, 1],
    [0.5, 1],
    [LAST_BUCKET + 1, 1],
    [Number.NaN, 1],
    [0, 0],
    [0, -1],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
    [0, 1e7],
  ];
  testRows('refuses other numbers', wrong, (pair) => {
    expect(thrown(() => Histogram.of([pair]))).toBeInstanceOf(RangeError);
  });
});

const anySize = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: 2 ** 50 }),
  // Where a rounding would matter.
  fc
    .tuple(fc.integer({ min: 0, max: LAST_BUCKET - 1 }), fc.integer({ min: -1, max: 1 }))
    .map(([b, off]) => upperEdge(b) + off),
);

describe('bucketOf', () => {
  it('is the first bucket whose upper edge is not below', () => {
    fc.assert(
      fc.property(anySize, (bytes) => {
        const bucket = bucketOf(bytes);
        expect(upperEdge(bucket)).toBeGreaterThanOrEqual(bytes);
        if (bucket > 0) expect(upperEdge(bucket - 1)).toBeLessThan(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds up by 2 % at most, above 1 MiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 20, max: 2 ** 50 }), (bytes) => {
        expect(upperEdge(bucketOf(bytes)) / bytes).toBeLessThan(1.02001);
      }),
    );
  });

  it('has a first bucket and a last one', () => {
    expect([0, 1, 2 ** 20].map(bucketOf)).toEqual([0, 0, 0]);
    expect([2 ** 60, Number.MAX_VALUE, Number.POSITIVE_INFINITY].map(bucketOf)).toEqual([
      LAST_BUCKET,
      LAST_BUCKET,
      LAST_BUCKET,
    ]);
  });
});
