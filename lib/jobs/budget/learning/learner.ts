import type { Size } from '../../../../types/options';
import { invalidArgument } from '../../../common/errors/argument-errors';
import { checkOptions } from '../../../common/options/option-names';
import { checkSize, formatSize } from '../../../common/text/size';
import { LearnFile } from './learn-file';
import { type Attempt, lessonOf } from './lesson';
import { LessonStore } from './lesson-store';
import { type LimitBounds, limitAfterKill } from './limit-rule';

/** How limits are learned. */
export interface LearnOptions {
  /** Where to keep what was learned, so that the next process knows it. Default: it is forgotten with the budget. */
  file?: string;
  /** The lowest limit that is learned. Default: 16 MiB. */
  floor?: Size;
  /** The highest limit that is learned, and the last to be tried. Default: the memory of the budget. */
  ceiling?: Size;
}

const DEFAULT_FLOOR_BYTES = 16 * 1024 ** 2;
/** What other processes learn, and what time does to it, may come so late. It bounds how many limits are kept here, too. */
const KEPT_FOR_MS = 1000;
const NAMES = {
  of: 'createBudget',
  within: 'learn',
  known: ['file', 'floor', 'ceiling'],
  example: "{} or { file: 'limits.json' }",
} as const;

/** How much memory jobs need, by their key. A queue asks for it often, and it changes little but as a job ends. */
export class Learner {
  readonly #limits = new Map<string, number | undefined>();
  #firstLimit: number | undefined;
  #keptSinceMs = 0;

  /** @param clock milliseconds since the epoch */
  constructor(
    private readonly store: LessonStore,
    private readonly bounds: LimitBounds,
    private readonly clock: () => number,
  ) {}

  /** The limit for the next job with this key, in bytes; undefined if nothing is known of the key. */
  limitFor(key: string): number | undefined {
    this.#forgetOldLimits();
    if (!this.#limits.has(key)) {
      this.#limits.set(key, this.store.histories.limitFor(key, this.clock(), this.bounds));
    }
    return this.#limits.get(key);
  }

  /** The limit for a job with a key of which nothing is known, if it says nothing itself, in bytes. */
  firstLimit(): number {
    this.#forgetOldLimits();
    this.#firstLimit ??= this.store.histories.firstLimit(this.clock(), this.bounds);
    return this.#firstLimit;
  }

  /**
   * The limit to try after a kill, in bytes; undefined if there is nothing more to try.
   *
   * @param kills how often an attempt at this job was killed for its limit, 1 or more
   */
  limitAfterKill(limitBytes: number, kills: number): number | undefined {
    return limitAfterKill(limitBytes, kills, this.bounds);
  }

  /** Learn from a job that does not start again. */
  record(key: string, last: Attempt): void {
    const lesson = lessonOf(last);
    if (lesson === undefined) return;
    this.store.add({ ...lesson, key, timeMs: this.clock() });
    this.#limits.delete(key);
  }

  /** Keep what was learned, if there is a file for it. Rejects if that can't be done. */
  close(): Promise<void> {
    return this.store.close();
  }

  #forgetOldLimits(): void {
    const nowMs = performance.now();
    if (nowMs - this.#keptSinceMs < KEPT_FOR_MS) return;
    this.#limits.clear();
    this.#firstLimit = undefined;
    this.#keptSinceMs = nowMs;
  }
}

/**
 * Checks the option `learn`, and reads its file.
 *
 * @param totalBytes the memory of the budget
 * @throws TypeError for a wrong option; ERR_MEMCAGE_LEARN_FILE for a file that can't be used
 */
export function createLearner(options: LearnOptions, { totalBytes }: { totalBytes: number }): Learner {
  const { file, floor, ceiling } = checkOptions(options, NAMES);
  const bounds = checkBounds(floor, ceiling, totalBytes);
  const store = new LessonStore(file === undefined ? undefined : LearnFile.open(checkPath(file)), Date.now);
  return new Learner(store, bounds, Date.now);
}

function checkBounds(floor: unknown, ceiling: unknown, totalBytes: number): LimitBounds {
  const ceilingBytes = ceiling === undefined ? totalBytes : checkSize('learn.ceiling', ceiling);
  if (ceilingBytes > totalBytes) {
    const expected = `at most the ${formatSize(totalBytes)} that the whole budget has`;
    throw invalidArgument('learn.ceiling', expected, ceiling);
  }
  if (floor === undefined) return { floorBytes: DEFAULT_FLOOR_BYTES, ceilingBytes };
  const floorBytes = checkSize('learn.floor', floor);
  if (floorBytes > ceilingBytes) {
    throw invalidArgument('learn.floor', `at most the ceiling of ${formatSize(ceilingBytes)}`, floor);
  }
  return { floorBytes, ceilingBytes };
}

function checkPath(file: unknown): string {
  if (typeof file === 'string' && file !== '' && !file.includes('\0')) return file;
  throw invalidArgument('learn.file', 'the path of a file (a string without null bytes)', file);
}
