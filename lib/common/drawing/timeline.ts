/** What is used at one moment, in bytes. */
export interface Sample {
  /** Milliseconds since the start. */
  atMs: number;
  usageBytes: number;
  swapBytes: number;
}

/** How often limits were hit since the sample before. */
export interface Hits {
  max: number;
  high: number;
}

/** Hits of limits in a stretch of time. */
export interface HitSpan extends Hits {
  fromMs: number;
  toMs: number;
}

/** A time without a sample that should have had some: the sampler got no processor, or was stopped. */
export interface Gap {
  fromMs: number;
  toMs: number;
}

/** OOM kills at one moment. */
export interface Kills {
  atMs: number;
  kills: number;
}

/** What is kept of a stretch of time. */
interface Bucket<P> {
  points: P[];
  hits: HitSpan | undefined;
  kills: Kills | undefined;
  gap: Gap | undefined;
}

const MOST_INTERVAL_MS = 1000;
/** A busy machine has some samples come late. */
const INTERVALS_OF_GAP = 6;
/** The least number of samples in a bucket, once the buckets have grown. */
const SAMPLES_IN_BUCKET = 2;

/**
 * The samples of a run of unknown length, in bounded memory. Cuts time into stretches of equal length, and keeps of
 * each the samples with the lowest usage, the highest usage and the most swap. When there are too many stretches, joins
 * them in pairs.
 */
export class Timeline<P extends Sample> {
  #buckets: (Bucket<P> | undefined)[] = [];
  #widthMs: number;
  #last: P | undefined;
  #samples = 0;
  readonly #leastIntervalMs: number;
  readonly #mostBuckets: number;

  /** @param mostBuckets how many stretches of time there are at most. Default: 512; @param leastIntervalMs Default: 10 */
  constructor({ leastIntervalMs = 10, mostBuckets = 512 } = {}) {
    this.#leastIntervalMs = leastIntervalMs;
    this.#widthMs = leastIntervalMs;
    this.#mostBuckets = mostBuckets;
  }

  add(point: P, { max, high }: Hits): void {
    this.end(point.atMs);
    const bucket = this.#bucketAt(point.atMs);
    bucket.points = extremes([...bucket.points, point]);
    if (max > 0 || high > 0) {
      bucket.hits = joined(bucket.hits, { fromMs: this.#last?.atMs ?? 0, toMs: point.atMs, max, high }, joinHits);
    }
    this.#last = point;
    this.#samples += 1;
  }

  /** Tells that there is no sample between the last one and this moment. */
  end(atMs: number): void {
    const gap = { fromMs: this.#last?.atMs ?? 0, toMs: atMs };
    if (!this.#isLong(gap)) return;
    const bucket = this.#bucketAt(atMs);
    bucket.gap = joined(bucket.gap, gap, longer);
  }

  addKills(kills: Kills): void {
    const bucket = this.#bucketAt(kills.atMs);
    bucket.kills = joined(bucket.kills, kills, joinKills);
  }

  /** How long to wait for the next sample. Grows with the length of the run, from 10 ms to 1 s. */
  get intervalMs(): number {
    return Math.min(MOST_INTERVAL_MS, Math.max(this.#leastIntervalMs, this.#widthMs / SAMPLES_IN_BUCKET));
  }

  /** How many samples were added, including those that were not kept. */
  get samples(): number {
    return this.#samples;
  }

  /** The kept samples in the order of time, and always the last one. */
  get points(): P[] {
    const points = this.#buckets.flatMap((bucket) => bucket?.points ?? []);
    const last = this.#last;
    return last === undefined || points.at(-1) === last ? points : [...points, last];
  }

  get hits(): HitSpan[] {
    return this.#buckets.flatMap((bucket) => bucket?.hits ?? []);
  }

  /** Of each stretch of time the longest gap that ended in it, if it would be one with the samples as rare as they are now. */
  get gaps(): Gap[] {
    return this.#buckets.flatMap((bucket) => bucket?.gap ?? []).filter((gap) => this.#isLong(gap));
  }

  get kills(): Kills[] {
    return this.#buckets.flatMap((bucket) => bucket?.kills ?? []);
  }

  #isLong(gap: Gap): boolean {
    return lengthOf(gap) > INTERVALS_OF_GAP * this.intervalMs;
  }

  #bucketAt(atMs: number): Bucket<P> {
    while (atMs >= this.#widthMs * this.#mostBuckets) this.#halve();
    const index = Math.max(0, Math.floor(atMs / this.#widthMs));
    const bucket: Bucket<P> = this.#buckets[index] ?? { points: [], hits: undefined, kills: undefined, gap: undefined };
    this.#buckets[index] = bucket;
    return bucket;
  }

  #halve(): void {
    this.#widthMs *= 2;
    this.#buckets = Array.from({ length: Math.ceil(this.#buckets.length / 2) }, (_, index) =>
      joined(this.#buckets[2 * index], this.#buckets[2 * index + 1], joinBuckets),
    );
  }
}

function joined<T>(before: T | undefined, after: T | undefined, join: (before: T, after: T) => T): T | undefined {
  return before === undefined || after === undefined ? (before ?? after) : join(before, after);
}

function joinBuckets<P extends Sample>(before: Bucket<P>, after: Bucket<P>): Bucket<P> {
  return {
    points: extremes([...before.points, ...after.points]),
    hits: joined(before.hits, after.hits, joinHits),
    kills: joined(before.kills, after.kills, joinKills),
    gap: joined(before.gap, after.gap, longer),
  };
}

function longer(before: Gap, after: Gap): Gap {
  return lengthOf(after) > lengthOf(before) ? after : before;
}

function lengthOf({ fromMs, toMs }: Gap): number {
  return toMs - fromMs;
}

function joinHits(before: HitSpan, after: HitSpan): HitSpan {
  return { ...before, toMs: after.toMs, max: before.max + after.max, high: before.high + after.high };
}

function joinKills(before: Kills, after: Kills): Kills {
  return { atMs: before.atMs, kills: before.kills + after.kills };
}

/** The points to keep: at most three, in the given order. */
function extremes<P extends Sample>(points: readonly P[]): P[] {
  if (points.length < 2) return [...points];
  const kept = new Set([
    first(points, (point) => -point.usageBytes),
    first(points, (point) => point.usageBytes),
    first(points, (point) => point.swapBytes),
  ]);
  return points.filter((point) => kept.has(point));
}

/** The first point with the highest value. */
function first<P>(points: readonly P[], value: (point: P) => number): P | undefined {
  let best = points[0];
  for (const point of points) if (best === undefined || value(point) > value(best)) best = point;
  return best;
}
