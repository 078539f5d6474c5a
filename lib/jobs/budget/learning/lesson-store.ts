import { cancel, later } from '../../../common/event-loop/timers';
import { Histories, type KeyedLesson } from './histories';
import type { LearnFile } from './learn-file';

/** A process that is killed loses what was learned in the last seconds, and nothing else. */
const SAVE_AFTER_MS = 5000;
/** What can't be saved, as the disk is full, must not fill the memory. It is still known here. */
const MOST_PENDING = 10_000;

/**
 * What was learned, here and in a file that others may write, too. What is added here is added to what they have saved meanwhile: so
 * nobody's lesson is lost, and none counts twice, as it would if two files with the same past were put together.
 */
export class LessonStore {
  #histories: Histories;
  #pending: KeyedLesson[] = [];
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> | undefined;
  #failure: unknown;
  #isClosed = false;

  constructor(
    private readonly file: Pick<LearnFile, 'readSync' | 'update'> | undefined,
    private readonly clock: () => number,
    private readonly saveAfterMs = SAVE_AFTER_MS,
  ) {
    this.#histories = file?.readSync(clock()) ?? new Histories();
  }

  get histories(): Histories {
    return this.#histories;
  }

  add(lesson: KeyedLesson): void {
    this.#histories.learn(lesson);
    if (this.file === undefined) return;
    this.#pending.push(lesson);
    if (this.#pending.length > MOST_PENDING) this.#pending.shift();
    this.#saveLater();
  }

  /** Saves what is not saved. Rejects if that fails. Afterwards only another `close()` saves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    cancel(this.#timer);
    this.#timer = undefined;
    await this.#saving;
    if (this.#pending.length === 0) return;
    await this.#save();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #saveLater(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#saving !== undefined) return;
    this.#timer = later(() => {
      this.#timer = undefined;
      this.#saving = this.#save().finally(() => {
        this.#saving = undefined;
        if (this.#pending.length > 0) this.#saveLater();
      });
    }, this.saveAfterMs).unref();
  }

  /** Never rejects. After a failure all is still pending. */
  async #save(): Promise<void> {
    let taken: KeyedLesson[] = [];
    this.#failure = undefined;
    try {
      const saved = await this.file?.update(this.clock(), (found) => {
        taken = this.#pending;
        this.#pending = [];
        // Someone has removed it: what is known here is not forgotten for that.
        if (found === undefined) return this.#histories;
        for (const lesson of taken) found.learn(lesson);
        return found;
      });
      if (saved === undefined || saved === this.#histories) return;
      // Lessons that came while the file was being written.
      for (const lesson of this.#pending) saved.learn(lesson);
      this.#histories = saved;
    } catch (error) {
      this.#pending = [...taken, ...this.#pending].slice(-MOST_PENDING);
      this.#failure = error;
    }
  }
}
