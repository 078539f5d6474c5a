import { KeyHistory } from './key-history';
import type { Lesson } from './lesson';
import { type LimitBounds, limitForNext, within } from './limit-rule';

/**
 * p95 does not move before a twentieth of the weight is above it, but a kill is to happen to a hundredth of the jobs. So a kill counts
 * for more jobs than one: with ten the next job of a kind that has grown gets enough, and what happens to one job in a hundred is within
 * the limit for most of the next hundred.
 */
const KILL_WEIGHT = 10;
/** The next key rarely needs more than the largest of so many that are known: by chance once in that many plus one. */
const KEYS_TO_GO_BY = 10;
/** Beyond so many keys, the one that was used longest ago is forgotten. */
export const MOST_KEYS = 10_000;

/** A job's need, as it is added, here and then in the file. */
export interface KeyedLesson extends Lesson {
  key: string;
  timeMs: number;
}

/** What is known of all keys. */
export class Histories {
  /** In the order of their last job. */
  readonly #byKey = new Map<string, KeyHistory>();

  /** @param entries those with the oldest last job first */
  constructor(entries: Iterable<readonly [key: string, known: KeyHistory]> = []) {
    for (const [key, known] of entries) this.#put(key, known);
  }

  learn({ key, bytes, wasKilled, timeMs }: KeyedLesson): void {
    const known = this.#byKey.get(key) ?? new KeyHistory(timeMs);
    known.learn({ bytes, weight: wasKilled ? KILL_WEIGHT : 1, timeMs });
    this.#put(key, known);
  }

  limitFor(key: string, nowMs: number, bounds: LimitBounds): number | undefined {
    const known = this.#byKey.get(key);
    return known === undefined ? undefined : limitForNext(known, nowMs, bounds);
  }

  /** The largest limit of those that are known, or the ceiling while these are few. */
  firstLimit(nowMs: number, bounds: LimitBounds): number {
    if (this.#byKey.size < KEYS_TO_GO_BY) return bounds.ceilingBytes;
    let most = 0;
    for (const known of this.#byKey.values()) most = Math.max(most, limitForNext(known, nowMs, bounds));
    return within(most, bounds);
  }

  entries(): IterableIterator<[string, KeyHistory]> {
    return this.#byKey.entries();
  }

  #put(key: string, known: KeyHistory): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, known);
    if (this.#byKey.size <= MOST_KEYS) return;
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest);
      return;
    }
  }
}
