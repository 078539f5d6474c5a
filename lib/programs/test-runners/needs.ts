import { type Attempt, lessonOf } from '../../jobs/budget/learning/lesson';
import type { LessonStore } from '../../jobs/budget/learning/lesson-store';
import { type LimitBounds, limitForNext } from '../../jobs/budget/learning/limit-rule';

/** No Node process needs less. */
const FLOOR_BYTES = 16 * 1024 ** 2;
/** The p95 of fewer files is only the largest of them. */
const FILES_TO_GO_BY = 10;
const SHARE = 0.95;
/** To look through all that is known for each file of a large suite would take longer than its tests. */
const KNOWN_FOR_MS = 1000;

/** A file that has ended, as its worker saw it. */
export interface EndedFile extends Attempt {
  /** What earlier files had left in the same worker. The file does not need that in a new one. */
  leftBytes: number;
}

/** What test files need, by their key, in a worker of their own. */
export class Needs {
  #typical: { bytes: number; limitBytes: number; sinceMs: number } | undefined;

  /** @param clock milliseconds since the epoch */
  constructor(
    private readonly store: Pick<LessonStore, 'add' | 'close' | 'histories'>,
    private readonly clock: () => number,
  ) {}

  /**
   * In bytes, with a margin. Of a file of which nothing is known: p95 of those that are known, or while they are few, the limit.
   *
   * @param limitBytes the limit of a worker, which no need exceeds
   */
  of(key: string, limitBytes: number): number {
    const bounds = { floorBytes: Math.min(FLOOR_BYTES, limitBytes), ceilingBytes: limitBytes };
    return this.store.histories.limitFor(key, this.clock(), bounds) ?? this.#typicalOf(bounds);
  }

  learn(key: string, { leftBytes, ...attempt }: EndedFile): void {
    const lesson = lessonOf(attempt);
    if (lesson === undefined) return;
    // One that was killed may need all of the next limit.
    const bytes = lesson.wasKilled ? lesson.bytes : Math.max(FLOOR_BYTES, lesson.bytes - leftBytes);
    this.store.add({ key, bytes, wasKilled: lesson.wasKilled, timeMs: this.clock() });
  }

  /** Saves what was learned. Rejects if that fails. */
  close(): Promise<void> {
    return this.store.close();
  }

  #typicalOf(bounds: LimitBounds): number {
    const nowMs = this.clock();
    const { ceilingBytes } = bounds;
    const known = this.#typical;
    if (known?.limitBytes === ceilingBytes && nowMs - known.sinceMs < KNOWN_FOR_MS) return known.bytes;
    const needs = Array.from(this.store.histories.entries(), ([, history]) => limitForNext(history, nowMs, bounds));
    needs.sort((one, other) => one - other);
    const typical = needs[Math.ceil(SHARE * needs.length) - 1] ?? ceilingBytes;
    const bytes = needs.length < FILES_TO_GO_BY ? ceilingBytes : typical;
    this.#typical = { bytes, limitBytes: ceilingBytes, sinceMs: nowMs };
    return bytes;
  }
}
