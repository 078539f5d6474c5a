import { type SeenMemory, seenOf } from '../../cage/polled-cage';
import { cancel, later } from '../../common/event-loop/timers';
import { kindsOf, type MemoryKinds, usedBytesOf } from '../../common/text/memory-kinds';
import { type CagedChild, type Cgroup, MemcageError, type Outcome } from '../../index';
import { reachedOwnLimit } from '../../jobs/budget/learning/lesson';
import type { Needs } from './needs';
import type { Room } from './rooms';
import { type Verdict, verdictOf } from './verdict';

/** The test that takes all memory within that time is only known by its peak. */
const LOOK_EVERY_MS = 100;
/** How long the runner may stand still for one look at a polled worker. On Linux that takes a few milliseconds. */
const LOOK_WITHIN_MS = 20;
/** Of the limit, which is for the file that runs. */
const MOST_LEFT_SHARE = 1 / 4;

export interface TestFile {
  /** What it is learned by: the same in each run, for each project another. */
  key: string;
  /** As people know it. */
  name: string;
}

interface WorkerParts {
  child: CagedChild<Cgroup | null>;
  room: Room;
  needs: Needs;
  limitBytes: number;
  total: { bytes: number; path: string | undefined };
}

/** A file that runs. */
interface Running {
  file: TestFile;
  sinceMs: number;
  isAlone: boolean;
  /** What files before it had left in the worker. */
  leftBytes: number;
  /** The peak of the worker before it. */
  peakBeforeBytes: number;
  /** The most that it was seen to use. */
  mostUsedBytes: number | null;
  /** What that was of. Only the kernel tells. */
  kinds: MemoryKinds | undefined;
}

/** A process that runs test files one after the other, in a cage of its own within the total. */
export class TestWorker {
  readonly child: CagedChild<Cgroup | null>;
  /** Resolves once nothing of it is left, and its room is free. */
  readonly gone: Promise<void>;
  #running: Running | undefined;
  #files = 0;
  /** What the process used as it was ready. */
  #baseBytes: number | undefined;
  #usedBytes: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(
    file: TestFile,
    isAlone: boolean,
    private readonly parts: WorkerParts,
  ) {
    this.child = parts.child;
    this.#begin({ file, isAlone, leftBytes: 0, peakBeforeBytes: 0 });
    this.gone = parts.child.outcome.then((outcome) => {
      this.#isGone = true;
      this.#rest();
      this.#learnFromEnd(outcome);
      parts.room.release();
    });
  }

  /** The process is there, and about to run its first file. */
  ready(): void {
    this.#look(LOOK_WITHIN_MS);
    this.#baseBytes = this.#usedBytes;
  }

  /** The file has run to its end. */
  ended(): void {
    this.#look(LOOK_WITHIN_MS);
    this.#rest();
    const running = this.#running;
    if (running === undefined || this.#isGone) return;
    const peakBytes = this.#peak();
    // The end of the process may tell.
    if (peakBytes === undefined) return;
    this.#running = undefined;
    const isPeak = peakBytes > running.peakBeforeBytes;
    this.#learn(running, {
      peakBytes: isPeak ? peakBytes : running.mostUsedBytes,
      wasKilled: false,
      wasCut: false,
    });
  }

  /** Whether the worker may run this file next. False: there is no room for it beside what the worker holds, or it has grown: {@link end} it. */
  next(file: TestFile): boolean {
    const { room, needs, limitBytes } = this.parts;
    if (this.#isGone) return false;
    // A file whose peak nobody has recorded. The end of the process tells of others too.
    if (this.#running !== undefined) {
      this.#learn(this.#running, { peakBytes: null, wasKilled: false, wasCut: false });
      this.#running = undefined;
    }
    this.#look();
    const usedBytes = this.#usedBytes ?? 0;
    const leftBytes = Math.max(0, usedBytes - (this.#baseBytes ?? usedBytes));
    if (leftBytes > limitBytes * MOST_LEFT_SHARE) return false;
    const needBytes = Math.min(limitBytes, needs.of(file.key, limitBytes) + leftBytes);
    if (!room.resize(needBytes)) return false;
    this.#begin({ file, isAlone: false, leftBytes, peakBeforeBytes: this.#peak() ?? 0 });
    return true;
  }

  /** Kills all of it. Resolves once nothing of it is left. */
  async end(): Promise<void> {
    if (this.#isGone) return;
    this.#running = undefined;
    await this.child.cage?.kill().catch(() => this.child.kill('SIGKILL'));
    await this.gone;
  }

  /**
   * What ended it while a file ran, once nothing of it is left.
   *
   * @param test the test that ran, if that is known
   * @returns undefined if it was not memory
   */
  async verdict(test: string | undefined): Promise<Verdict | undefined> {
    const running = this.#running;
    const outcome = await this.child.outcome;
    await this.gone;
    if (running === undefined) return undefined;
    const { limitBytes, total } = this.parts;
    const { file, isAlone: wasAlone, kinds } = running;
    return verdictOf({ outcome, file: file.name, test, limitBytes, total, wasAlone, kinds });
  }

  #begin(begun: Omit<Running, 'sinceMs' | 'mostUsedBytes' | 'kinds'>): void {
    this.#files += 1;
    this.#running = { ...begun, sinceMs: performance.now(), mostUsedBytes: null, kinds: undefined };
    this.#lookLater();
  }

  #lookLater(): void {
    cancel(this.#timer);
    this.#timer = later(() => {
      this.#look();
      this.#lookLater();
    }, LOOK_EVERY_MS).unref();
  }

  /** @param waitMs how long to wait for a look of now, where memcage polls. Default: what it has seen before must do */
  #look(waitMs = 0): void {
    if (this.#isGone) return;
    try {
      const kinds = this.#kinds();
      const usedBytes = kinds === undefined ? this.#polled(waitMs)?.usageBytes : usedBytesOf(kinds);
      if (usedBytes === undefined) return;
      this.#usedBytes = usedBytes;
      this.parts.room.used(usedBytes);
      const running = this.#running;
      // After a kill there is little left to see, while Node does not know of it yet.
      if (running === undefined || usedBytes < (running.mostUsedBytes ?? 0)) return;
      running.mostUsedBytes = usedBytes;
      running.kinds = kinds;
    } catch (error) {
      // It has just ended.
      if (!(error instanceof MemcageError)) throw error;
    }
  }

  #kinds(): MemoryKinds | undefined {
    const cgroup = this.child.cage?.cgroup;
    if (cgroup == null) return undefined;
    const { usageBytes, realUseBytes } = cgroup.usage();
    const chargedBytes = realUseBytes === null ? usageBytes : Math.max(usageBytes, realUseBytes);
    return kindsOf(cgroup.stat(), chargedBytes, cgroup.version);
  }

  #polled(waitMs = 0): SeenMemory | undefined {
    const { cage } = this.child;
    return cage === null || cage.cgroup !== null ? undefined : seenOf(cage, waitMs);
  }

  #rest(): void {
    cancel(this.#timer);
    this.#timer = undefined;
  }

  /** Undefined if it is not known. */
  #peak(): number | undefined {
    try {
      return this.child.cage?.cgroup?.peak() ?? this.#polled()?.peakBytes ?? undefined;
    } catch (error) {
      if (error instanceof MemcageError) return undefined;
      throw error;
    }
  }

  #learnFromEnd(outcome: Outcome): void {
    const running = this.#running;
    if (running === undefined) return;
    const { oom, memory, signal, error } = outcome;
    const wasKilled = reachedOwnLimit(outcome);
    const wasCut = !wasKilled && (oom !== null || error !== null || signal !== null);
    const peakBytes = this.#files === 1 ? (memory?.peakBytes ?? null) : running.mostUsedBytes;
    this.#learn(running, { peakBytes, wasKilled, wasCut });
  }

  #learn(
    { file, leftBytes, mostUsedBytes, sinceMs }: Running,
    how: { peakBytes: number | null; wasKilled: boolean; wasCut: boolean },
  ): void {
    const { needs, limitBytes } = this.parts;
    const durationMs = performance.now() - sinceMs;
    needs.learn(file.key, { ...how, leftBytes, limitBytes, mostUsedBytes, durationMs, killedAtBytes: null });
  }
}
