import * as fc from 'fast-check';
import { bucketOf, LAST_BUCKET, upperEdge } from '../../../../../lib/jobs/budget/learning/buckets';

const anyBytes = fc.oneof(
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
      fc.property(anyBytes, (bytes) => {
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
