import { bucketOf, LAST_BUCKET, upperEdge } from './buckets';

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
