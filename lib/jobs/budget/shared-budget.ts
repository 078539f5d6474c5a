import { EventEmitter } from 'node:events';
import type { Cage, RunOptions } from '../../cage/contract/cage';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { emitApart } from '../../common/event-loop/emitter';
import { isOptions } from '../../process/node-call';
import type { RoomLedger } from './admission/room-ledger';
import type { Budget, BudgetEvents, BudgetStats, ContainJobsOptions, ReserveOptions, Room } from './budget';
import type { BudgetCore } from './budget-core';
import { containJobs } from './contain-jobs';
import { GatePlaces } from './gate-places';
import { Jobs } from './jobs';
import type { Lookout } from './lookout';
import { reserveRoom } from './reserve-room';
import { runJob } from './run-job';
import { startJob } from './start-jobs';
import { usedBytesOf } from './use-reader';

export interface SharedBudgetOptions
  extends Pick<BudgetCore, 'cage' | 'capacity' | 'followed' | 'headroom' | 'learner' | 'mayBeginTwice'> {
  ledger: RoomLedger;
  /** Undefined if nobody looks at what jobs use. */
  lookout: Pick<Lookout, 'stop'> | undefined;
}

/** What {@link createBudget} makes. */
export class SharedBudget extends EventEmitter<BudgetEvents> implements Budget {
  readonly cage: Cage;
  readonly spawn = this.#starter('spawn') as Budget['spawn'];
  readonly fork = this.#starter('fork') as Budget['fork'];
  readonly exec = this.#starter('exec') as Budget['exec'];
  readonly execFile = this.#starter('execFile') as Budget['execFile'];
  readonly run = ((file: string, args?: readonly string[] | RunOptions, options?: RunOptions) => {
    const [list, rest] = isOptions(args) ? [[], args] : [args ?? [], options];
    return runJob(this.#core, file, list, rest);
  }) as Budget['run'];
  readonly #core: BudgetCore;
  readonly #lookout: SharedBudgetOptions['lookout'];
  #closing: Promise<void> | undefined;

  constructor({ ledger, lookout, ...parts }: SharedBudgetOptions) {
    super();
    this.cage = parts.cage;
    this.#core = { ...parts, budget: this, jobs: new Jobs(ledger, this), gates: new GatePlaces() };
    this.#lookout = lookout;
    // Somebody may close the cage itself.
    this.cage.once('close', () => void this.close().catch(() => {}));
  }

  get closing(): boolean {
    return this.#closing !== undefined || this.cage.closing;
  }

  stats(): BudgetStats {
    const { jobs, capacity } = this.#core;
    const { ledger, counts } = jobs;
    return {
      memoryBytes: capacity.memoryBytes,
      reservedBytes: ledger.reservedBytes(),
      usedBytes: usedBytesOf(this.cage),
      queued: ledger.queued,
      running: ledger.running.length,
      ...counts,
      longestWaitMs: jobs.longestWaitMs(),
    };
  }

  reserve(options: ReserveOptions): Promise<Room> {
    return reserveRoom(this.#core, options);
  }

  contain<T>(fn: () => T, options: ContainJobsOptions): T {
    return containJobs(this.#core, fn, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #starter(name: 'spawn' | 'fork' | 'exec' | 'execFile') {
    return (...args: unknown[]): Promise<unknown> => startJob(this.#core, name, args);
  }

  async #close(): Promise<void> {
    const { jobs, followed, learner } = this.#core;
    // close() has returned by the time that a listener or a rejected caller asks whether it is closing.
    await Promise.resolve();
    this.#lookout?.stop();
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
