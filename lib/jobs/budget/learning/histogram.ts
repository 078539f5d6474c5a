/**
 * Each bucket ends this much above the one before. Kubernetes' Vertical Pod Autoscaler takes 5 %; a limit, which is the upper edge of
 * a bucket, would be 2.5 % too high on average. With 2 % that is 1 %, and less than what needs differ by from run to run.
 */
const GROWTH = 1.02;
/** The first bucket ends here. No program runs in less. */
const FIRST_EDGE_BYTES = 2 ** 20;
/** The last bucket takes whatever is larger, too. No machine has 2^50 bytes. */
export const LAST_BUCKET = Math.ceil(Math.log(2 ** 30) / Math.log(GROWTH));

/** What weighs less than after ten half-lives is forgotten. So there are never many more buckets than samples of late. */
const NEGLIGIBLE = 2 ** -10;
/** Far more than decay leaves of any number of samples. */
const MOST_WEIGHT = 1e6;

/** How often a size was seen, in buckets. What was seen long ago weighs less. */
export class Histogram {
  readonly #weights = new Map<number, number>();

  /** @throws RangeError for what {@link weights} never has: a weight that is not positive, a bucket that there is not */
  static of(weights: Iterable<readonly [bucket: number, weight: number]>): Histogram {
    const histogram = new Histogram();
    for (const [bucket, weight] of weights) {
      const isBucket = Number.isInteger(bucket) && bucket >= 0 && bucket <= LAST_BUCKET;
      if (!isBucket || !(weight > 0 && weight <= MOST_WEIGHT))
        throw new RangeError(`not a bucket: ${bucket}, ${weight}`);
      histogram.#put(bucket, weight);
    }
    return histogram;
  }

  /** @param weight positive */
  add(bytes: number, weight: number): void {
    this.#put(bucketOf(bytes), weight);
  }

  /** @param factor how much everything weighs from now on: from 0 to 1 */
  decay(factor: number): void {
    for (const [bucket, weight] of this.#weights) {
      const rest = weight * factor;
      if (rest < NEGLIGIBLE) this.#weights.delete(bucket);
      else this.#weights.set(bucket, rest);
    }
  }

  /**
   * The least size that this share of the weight does not exceed: the upper edge of the first bucket up to which there is as much. 0 if
   * there is nothing. Not a size between the edges of the bucket: that would say that some of what was seen in it was smaller, and
   * a limit may be too high by a bucket, but not too low.
   *
   * @param share above 0, up to 1
   */
  percentile(share: number): number {
    const sorted = this.weights();
    const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
    // The sum of many fractions may miss the share by a rounding, and then name the next bucket.
    const enough = total * share - total * 1e-9;
    let sum = 0;
    for (const [bucket, weight] of sorted) {
      sum += weight;
      if (sum >= enough) return upperEdge(bucket);
    }
    return 0;
  }

  /** The buckets that have any weight, smallest first. */
  weights(): [bucket: number, weight: number][] {
    return [...this.#weights].sort(([a], [b]) => a - b);
  }

  #put(bucket: number, weight: number): void {
    this.#weights.set(bucket, (this.#weights.get(bucket) ?? 0) + weight);
  }
}

/** The number of the bucket for this many bytes: the first whose upper edge is not below them. */
export function bucketOf(bytes: number): number {
  if (bytes <= FIRST_EDGE_BYTES) return 0;
  const exact = Math.log(bytes / FIRST_EDGE_BYTES) / Math.log(GROWTH);
  // At an edge a rounding of the logarithm may choose the wrong side.
  let bucket = Math.max(0, Math.floor(exact) - 1);
  while (bucket < LAST_BUCKET && upperEdge(bucket) < bytes) bucket += 1;
  return Math.min(bucket, LAST_BUCKET);
}

/** The most that a bucket holds, in whole bytes. */
export function upperEdge(bucket: number): number {
  return Math.floor(FIRST_EDGE_BYTES * GROWTH ** bucket);
}
