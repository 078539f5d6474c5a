import type { Job, Worker } from 'bullmq';
import { AbortError } from '../../common/errors/errors';
import type { Budget, LearnedJob, ReserveOptions, Room } from '../../index';
import { Throttle } from './throttle';

/** Room of a job. */
export interface Seat {
  /** The job goes on with room that it gets elsewhere. */
  giveBack(): void;
  /** The job has ended. */
  leave(): void;
}

/** How long an idle worker keeps room that others wait for. */
const IDLE_MS = 1000;
/** How long a worker keeps room that has had no job since it last gave room away: else each idle worker would cost others a second a job. */
const STILL_IDLE_MS = 100;

/** A job that was fetched, and has no room. */
interface Waiter {
  take(room: Room): void;
  fail(error: Error): void;
}

/**
 * Has a worker fetch a job only when there is room for it: the room of the next job is taken before that. Who has none
 * fetches none, so that another machine's worker does.
 */
export class Attachment {
  readonly #throttle: Throttle;
  readonly #waiting: Waiter[] = [];
  #running = 0;
  /** For the next job. */
  #kept: Room | undefined;
  /** Room that was asked for, and is not here yet. */
  #asked: AbortController | undefined;
  /** Whether the budget has given it, which its promise tells later. */
  #isGranted = false;
  #idle: NodeJS.Timeout | undefined;
  #idleMs = IDLE_MS;
  #isClosed = false;

  /** @param need what each job takes */
  constructor(
    private readonly worker: Worker,
    private readonly budget: Budget<LearnedJob>,
    private readonly need: ReserveOptions,
  ) {
    this.#throttle = new Throttle(worker, () => this.#update({ wake: true }));
    budget.on('queued', this.#onQueued);
    worker.once('closing', () => this.#end());
    this.#update();
  }

  /** A job that was fetched takes its room. */
  async enter(job: Job, signal: AbortSignal): Promise<Seat> {
    // Also for one that is put back: it came later than the worker's room could wait.
    this.#idleMs = IDLE_MS;
    if (this.#isTooMany()) await this.#putBack(job);
    this.#running += 1;
    const room = this.#kept;
    this.#kept = undefined;
    try {
      if (room === undefined) return this.#seatOf(await this.#wait(signal));
      this.#update();
      return this.#seatOf(room);
    } catch (error) {
      this.#left();
      throw error;
    }
  }

  /**
   * Whether a job was fetched without room: BullMQ's wait for a job goes on when the worker is paused, or has its concurrency
   * lowered. One who fetches by itself gets its job done.
   */
  #isTooMany(): boolean {
    if (!this.worker.isRunning()) return false;
    if (this.budget.closed) {
      this.close();
    } else {
      if (this.#hasRoom() || this.#isClosed) return false;
      this.#update();
    }
    // A worker that isn't held would fetch the job again at once.
    return this.#throttle.holds(this.#running);
  }

  /** To the head of the queue, as BullMQ does with what its rate limit does not let pass. */
  async #putBack(job: Job): Promise<never> {
    await job.moveToWait(job.token);
    throw Object.assign(new Error('There is no room for the job'), { name: 'WaitingError' });
  }

  /** The worker fetches no more. Jobs that run stay. */
  close(): void {
    if (!this.#isClosed) this.#throttle.set(0, { wake: false });
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.budget.off('queued', this.#onQueued);
    clearTimeout(this.#idle);
    this.#giveUp();
  }

  async #wait(signal: AbortSignal): Promise<Room> {
    let abort: () => void = () => {};
    const room = new Promise<Room>((take, fail) => {
      const waiter: Waiter = { take, fail };
      this.#waiting.push(waiter);
      abort = () => {
        const place = this.#waiting.indexOf(waiter);
        if (place !== -1) this.#waiting.splice(place, 1);
        fail(new AbortError(signal.reason));
      };
    });
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    this.#update();
    return room.finally(() => signal.removeEventListener('abort', abort));
  }

  #seatOf(room: Room): Seat {
    let own: Room | undefined = room;
    const giveBack = (): void => {
      own?.release();
      own = undefined;
    };
    const leave = (): void => {
      if (own !== undefined && this.#keeps()) {
        this.#give(own);
        own = undefined;
      }
      giveBack();
      this.#left();
    };
    return { giveBack, leave };
  }

  #left(): void {
    this.#running -= 1;
    this.#update();
  }

  /** Whether room that a job leaves is for the next job here, and not for others that wait. */
  #keeps(): boolean {
    if (this.#isClosed || this.#kept !== undefined || this.#isGranted) return false;
    const own = this.#asked === undefined ? 0 : 1;
    return this.budget.stats().queued === own;
  }

  #give(room: Room): void {
    const [waiter] = this.#waiting.splice(0, 1);
    if (waiter !== undefined) {
      waiter.take(room);
    } else if (this.#isClosed) {
      room.release();
    } else {
      // The room that comes and the room that was asked for: one of the two is enough.
      this.#asked?.abort();
      this.#kept = room;
      this.#watchIdle();
    }
  }

  /** Asks for what is missing, and lets the worker fetch as many jobs as there is room for. */
  #update({ wake = false } = {}): void {
    if (this.#needsMore()) this.#ask();
    if (this.#isClosed) return;
    if (this.#running >= this.#throttle.most) this.#giveUp();
    this.#throttle.set(this.#running + (this.#hasRoom() ? 1 : 0), { wake });
  }

  /** For the next job. */
  #hasRoom(): boolean {
    return this.#kept !== undefined || (this.#isGranted && this.#waiting.length === 0);
  }

  #needsMore(): boolean {
    if (this.#asked !== undefined) return false;
    if (this.#waiting.length > 0) return true;
    return !this.#isClosed && this.#kept === undefined && this.#running < this.#throttle.most;
  }

  /** The worker is to fetch no more for now. Jobs that were fetched still get their room. */
  #giveUp(): void {
    this.#kept?.release();
    this.#kept = undefined;
    if (this.#waiting.length > 0) return;
    this.#asked?.abort();
    this.#isGranted = false;
  }

  #ask(): void {
    const { budget, need } = this;
    const asked = new AbortController();
    this.#asked = asked;
    const { queued } = budget.stats();
    const room = budget.reserve({ ...need, signal: asked.signal });
    // The worker's loop looks at its concurrency within this call, and then not before a job ends.
    this.#isGranted = !budget.closed && budget.stats().queued === queued;
    void room.then(
      (given) => this.#onRoom(asked, given),
      (error) => this.#onNoRoom(asked, error as Error),
    );
  }

  #onRoom(asked: AbortController, room: Room): void {
    const wasKnown = this.#asked === asked && this.#isGranted;
    this.#over(asked);
    if (this.#kept !== undefined) room.release();
    else this.#give(room);
    this.#update({ wake: !wasKnown });
  }

  #onNoRoom(asked: AbortController, error: Error): void {
    this.#over(asked);
    if (error instanceof AbortError) {
      // There was room otherwise.
      this.#update();
      return;
    }
    // The budget is closed.
    for (const waiter of this.#waiting.splice(0)) waiter.fail(error);
    this.close();
  }

  #over(asked: AbortController): void {
    if (this.#asked !== asked) return;
    this.#asked = undefined;
    this.#isGranted = false;
  }

  readonly #onQueued = (): void => this.#watchIdle();

  /** Others wait, and the worker finds nothing to do: they get its room, and it waits in its turn. */
  #watchIdle(): void {
    const room = this.#kept;
    if (room === undefined || this.budget.stats().queued === 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#kept !== room || this.budget.stats().queued === 0) return;
      this.#kept = undefined;
      this.#idleMs = STILL_IDLE_MS;
      // Behind those that wait.
      this.#ask();
      room.release();
      this.#update();
    }, this.#idleMs).unref();
  }
}
