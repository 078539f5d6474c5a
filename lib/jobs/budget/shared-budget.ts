import { EventEmitter } from 'node:events';
import type {
  Budget,
  BudgetEvents,
  BudgetStats,
  ContainJobsOptions,
  ReserveOptions,
  Room,
} from '../../cage/contract/budget';
import type { Cage, RunOptions } from '../../cage/contract/cage';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { emitApart } from '../../common/event-loop/emitter';
import { isOptions } from '../../process/node-call';
import type { Admission } from './admission/admission';
import type { UseMeter, UseParts } from './admission/eviction';
import type { Supply } from './admission/limits-admission';
import { RoomLedger } from './admission/room-ledger';
import type { BudgetParts } from './budget-parts';
import { withCallback } from './callback';
import { containJobs } from './contain-jobs';
import { FollowedJobs } from './followed-jobs';
import { GatePlaces } from './gate-places';
import type { Headroom } from './headroom';
import { Jobs } from './jobs';
import type { Learner } from './learning/learner';
import type { LeftBehind } from './left-behind';
import { reserveRoom } from './reserve';
import { runJob } from './run-job';
import { startJob } from './start-jobs';
import { usedBytesOf } from './used-bytes';

/** Which jobs run at the same time. */
export interface Rules {
  admission: Admission;
  /** Whether a job that the kernel killed for the limit around all jobs starts again: whoever made the budget knows of that. */
  mayBeginTwice: boolean;
  /** Undefined if the rules count what ended jobs left behind themselves. */
  leftBehind?: LeftBehind | undefined;
  /** Undefined if nothing measures. */
  createMeter?: UseParts['createMeter'] | undefined;
}

export interface SharedBudgetOptions extends Rules {
  cage: Cage;
  supply: Supply;
  concurrency: number;
  headroom: Headroom;
  learner: Learner | undefined;
}

/** What {@link createBudget} makes. */
export class SharedBudget extends EventEmitter<BudgetEvents> implements Budget {
  readonly cage: Cage;
  readonly spawn = this.#starter('spawn') as Budget['spawn'];
  readonly fork = this.#starter('fork') as Budget['fork'];
  readonly exec = this.#collector('exec') as Budget['exec'];
  readonly execFile = this.#collector('execFile') as Budget['execFile'];
  readonly run = ((file: string, args?: readonly string[] | RunOptions, options?: RunOptions) => {
    const [list, rest] = isOptions(args) ? [[], args] : [args ?? [], options];
    return runJob(this.#parts, file, list, rest);
  }) as Budget['run'];
  readonly #parts: BudgetParts;
  readonly #meter: UseMeter | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SharedBudgetOptions) {
    super();
    const { cage, supply, concurrency, headroom, learner } = options;
    const { admission, mayBeginTwice, leftBehind, createMeter } = options;
    this.cage = cage;
    const ledger = new RoomLedger({ admission, concurrency, now: () => performance.now() });
    const jobs = new Jobs(ledger, this);
    const followed = new FollowedJobs(() =>
      leftBehind?.changed(() => followed.measurable().map(({ cgroup }) => cgroup)),
    );
    const whyClosed = (): Error | undefined => this.#whyClosed();
    const gates = new GatePlaces();
    this.#parts = { cage, jobs, followed, headroom, gates, supply, mayBeginTwice, learner, whyClosed };
    this.#meter = createMeter?.({
      cgroup: cage.cgroup,
      running: () => ledger.running,
      measurable: () => followed.measurable(),
      evict: (job) => followed.evict(job),
      admitAgain: () => ledger.look(),
    });
    followed.listener = this.#meter;
    // Somebody may close the cage itself.
    cage.once('close', () => void this.close().catch(() => {}));
  }

  get closing(): boolean {
    return this.#closing !== undefined || this.cage.closing;
  }

  stats(): BudgetStats {
    const { jobs, supply } = this.#parts;
    const { ledger, counts } = jobs;
    return {
      memoryBytes: supply.memoryBytes,
      reservedBytes: ledger.reservedBytes(),
      usedBytes: usedBytesOf(this.cage),
      queued: ledger.queued,
      running: ledger.running.length,
      ...counts,
      longestWaitMs: jobs.longestWaitMs(),
    };
  }

  reserve(options: ReserveOptions): Promise<Room> {
    return reserveRoom(this.#parts, options);
  }

  contain<T>(fn: () => T, options: ContainJobsOptions): T {
    return containJobs(this.#parts, fn, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #starter(name: 'spawn' | 'fork' | 'exec' | 'execFile') {
    return (...args: unknown[]): Promise<unknown> => startJob(this.#parts, name, args);
  }

  #collector(name: 'exec' | 'execFile') {
    const start = this.#starter(name);
    return (...args: unknown[]): Promise<unknown> => withCallback(start(...args), args);
  }

  #whyClosed(): Error | undefined {
    return this.closing ? new MemcageError(ErrorCode.CLOSED, 'The budget is closed') : undefined;
  }

  async #close(): Promise<void> {
    const { jobs, followed, learner } = this.#parts;
    // close() has returned by the time that a listener or a rejected caller asks whether it is closing.
    await Promise.resolve();
    this.#meter?.stop();
    jobs.rejectAll(() => new MemcageError(ErrorCode.CLOSED, 'The budget was closed before there was room'));
    try {
      await this.cage.close();
    } catch (error) {
      this.#closing = undefined;
      throw error;
    }
    await followed.allGone();
    try {
      await learner?.close();
    } finally {
      emitApart(this, 'close');
    }
  }
}
