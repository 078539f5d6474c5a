import type { AskingJob } from './admission';

/** How often the job that is first in the queue, or the one that has waited longest, may be passed by others. */
export const MOST_PASSES = 32;

/** A job that waits. */
export interface Waiting extends AskingJob {
  /** Higher ones come first. */
  readonly priority: number;
  /** The number of the job in the order of arrival. */
  readonly order: number;
}

/**
 * Jobs by priority, and by arrival within it. Those that fit may pass others that don't, but not without end: once the first
 * in the queue, or the one that has waited longest, has been passed {@link MOST_PASSES} times, it is next, and everything
 * else waits until it fits. So of `MOST_PASSES + 1` jobs that start, at least one is the oldest there is, however many of a higher
 * priority come, and each job starts in the end.
 */
export class JobQueue<W extends Waiting> {
  readonly #inOrder = new SortedList<W>((one, other) => other.priority - one.priority || one.order - other.order);
  readonly #byAge = new SortedList<W>((one, other) => one.order - other.order);
  readonly #passes = new Map<W, number>();

  get size(): number {
    return this.#inOrder.size;
  }

  /** The one that came first. */
  get oldest(): W | undefined {
    return this.#byAge.first;
  }

  /** The one that is next, and that all others wait for; undefined if none has been passed so often. */
  get due(): W | undefined {
    return [this.#byAge.first, this.#inOrder.first].find(
      (job) => job !== undefined && (this.#passes.get(job) ?? 0) >= MOST_PASSES,
    );
  }

  /** In the order in which they start if all fit. */
  [Symbol.iterator](): Iterator<W> {
    return this.#inOrder[Symbol.iterator]();
  }

  add(job: W): void {
    this.#inOrder.add(job);
    this.#byAge.add(job);
  }

  /** False if it was not waiting. */
  delete(job: W): boolean {
    this.#passes.delete(job);
    return this.#inOrder.delete(job) && this.#byAge.delete(job);
  }

  /** Takes out the job that is to start now; undefined if none is. */
  take(fits: (job: W) => boolean): W | undefined {
    const { due } = this;
    const next = due === undefined ? this.#firstThatFits(fits) : fits(due) ? due : undefined;
    if (next === undefined) return undefined;
    this.#countPasses(next);
    this.delete(next);
    return next;
  }

  #countPasses(next: W): void {
    for (const job of new Set([this.#byAge.first, this.#inOrder.first])) {
      if (job !== undefined && job !== next) this.#passes.set(job, (this.#passes.get(job) ?? 0) + 1);
    }
  }

  #firstThatFits(fits: (job: W) => boolean): W | undefined {
    // Few of thousands that wait are asked about: none that needs as much as one that was refused.
    let refused: AskingJob[] = [];
    for (const job of this.#inOrder) {
      const { need, byLimits, isMeasured } = job;
      const wanted = { need, byLimits, isMeasured };
      // The need of one that waits is worked out each time that it is asked for.
      if (isRefusedWithAny(wanted, refused)) continue;
      if (fits(job)) return job;
      refused = [...refused.filter((more) => !isRefusedWith(more, wanted)), wanted];
    }
    return undefined;
  }
}

function isRefusedWithAny(one: AskingJob, refused: readonly AskingJob[]): boolean {
  for (const other of refused) if (isRefusedWith(one, other)) return true;
  return false;
}

/** Whether one does not fit where the other does not. */
function isRefusedWith(one: AskingJob, other: AskingJob): boolean {
  if (other.byLimits && !one.byLimits) return false;
  if (!other.isMeasured && one.isMeasured) return false;
  const { need } = one;
  const less = other.need;
  return need.memoryBytes >= less.memoryBytes && need.cpus >= less.cpus && need.pids >= less.pids;
}

/** Items in order. No two of them may be equal in it. Adding at the end and taking from the front cost next to nothing. */
class SortedList<T> {
  readonly #items: T[] = [];

  /** @param compare negative if the first comes before the second */
  constructor(private readonly compare: (one: T, other: T) => number) {}

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#items.splice(this.#placeOf(item), 0, item);
  }

  /** False if it was not there. */
  delete(item: T): boolean {
    const place = this.#placeOf(item);
    if (this.#items[place] !== item) return false;
    if (place === 0) this.#items.shift();
    else this.#items.splice(place, 1);
    return true;
  }

  /** The place at which the item is, or would be. */
  #placeOf(item: T): number {
    const last = this.#items.at(-1);
    if (last === undefined) return 0;
    if (this.compare(last, item) < 0) return this.#items.length;
    let low = 0;
    let high = this.#items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#items[middle];
      if (at !== undefined && this.compare(at, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
