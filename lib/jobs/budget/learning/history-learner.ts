import type { Attempt, Learner } from './learner';
import { lessonOf } from './lesson';
import type { LessonStore } from './lesson-store';
import type { LimitBounds } from './limit-rule';
import { limitAfterKill } from './retry';

/** For how long the limit of unknown keys is kept, which takes a look at all that are known. */
const FIRST_LIMIT_FOR_MS = 1000;

/** Learns from the history of each key. */
export class HistoryLearner implements Learner {
  #first: { limitBytes: number; atMs: number } | undefined;

  /** @param clock milliseconds since the epoch */
  constructor(
    private readonly store: LessonStore,
    private readonly bounds: LimitBounds,
    private readonly clock: () => number,
  ) {}

  limitFor(key: string): number | undefined {
    return this.store.histories.limitFor(key, this.clock(), this.bounds);
  }

  firstLimit(): number {
    const nowMs = this.clock();
    if (this.#first === undefined || Math.abs(nowMs - this.#first.atMs) >= FIRST_LIMIT_FOR_MS) {
      this.#first = { limitBytes: this.store.histories.firstLimit(nowMs, this.bounds), atMs: nowMs };
    }
    return this.#first.limitBytes;
  }

  limitAfterKill(_key: string, limitBytes: number, kills: number): number | undefined {
    return limitAfterKill(limitBytes, kills, this.bounds);
  }

  record(key: string, last: Attempt): void {
    const lesson = lessonOf(last);
    if (lesson !== undefined) this.store.add({ ...lesson, key, timeMs: this.clock() });
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
