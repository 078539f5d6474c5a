import { type InspectOptions, inspect } from 'node:util';
import type { SharedCage } from '../../cage/contract/cage';
import { resolveCpu, resolvePids } from '../../cgroup/limits/resolve-limits';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { emitApart, LazyEmitter } from '../../common/event-loop/emitter';
import { checkOptions } from '../../common/options/option-names';
import { shown, withoutZeros } from '../../common/text/inspected';
import { checkSize } from '../../common/text/size';
import { listAndOptions } from '../../start/run/run';
import type { RoomLedger } from './admission/room-ledger';
import type { Budget, BudgetEvents, BudgetStats, ContainJobsOptions, ReserveOptions, Room } from './budget';
import { assertOpen, type BudgetCore, prepareStart } from './budget-core';
import { containJobs } from './contain-jobs';
import { GatePlaces } from './gate-places';
import { checkJobOptions, needOf } from './job-options';
import { Jobs } from './jobs';
import type { Lookout } from './lookout';
import { runJob, startJob } from './start-jobs';
import { usedBytesOf } from './use-reader';

const EVENTS = Object.keys({
  queued: true,
  started: true,
  ended: true,
  close: true,
} satisfies Record<keyof BudgetEvents, true>);

const OF_ROOM = ['memory', 'cpu', 'pids', 'key', 'priority', 'signal'] as const;

export interface SharedBudgetOptions
  extends Pick<BudgetCore, 'cage' | 'capacity' | 'followed' | 'headroom' | 'learner' | 'mayBeginTwice'> {
  ledger: RoomLedger;
  /** Undefined if nobody looks at what jobs use. */
  lookout: Pick<Lookout, 'stop'> | undefined;
}

/** What {@link createBudget} makes. */
export class SharedBudget extends LazyEmitter<BudgetEvents> implements Budget {
  readonly cage: SharedCage;
  readonly spawn = this.#starter('spawn') as Budget['spawn'];
  readonly fork = this.#starter('fork') as Budget['fork'];
  readonly run = (async (file: string, ...given: unknown[]) => {
    const { args, options } = listAndOptions('budget.run', given);
    return runJob(this.#core, file, args, options);
  }) as Budget['run'];
  readonly #core: BudgetCore;
  readonly #lookout: SharedBudgetOptions['lookout'];
  #closing: Promise<void> | undefined;

  constructor({ ledger, lookout, ...parts }: SharedBudgetOptions) {
    super(EVENTS);
    this.cage = parts.cage;
    this.#core = { ...parts, budget: this, jobs: new Jobs(ledger, this), gates: new GatePlaces() };
    this.#lookout = lookout;
    // Somebody may close the cage itself.
    this.cage.once('close', () => void this.close().catch(() => {}));
  }

  get closed(): boolean {
    return this.#closing !== undefined || this.cage.closed;
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
      frozen: ledger.running.filter(({ isFrozen }) => isFrozen).length,
      ...counts,
      longestWaitMs: jobs.longestWaitMs(),
    };
  }

  /** For `console.log()`: of its counts those that tell of something. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { closed, cage } = this;
    const { longestWaitMs: _, running, queued, memoryBytes, reservedBytes, usedBytes, ...counts } = this.stats();
    const now = { memoryBytes, ...(!closed && { reservedBytes, usedBytes, running, queued }) };
    const facts = { ...now, ...withoutZeros(counts), ...(closed && { closed }) };
    return shown('Budget', cage.cgroup?.path ?? cage.enforcedBy.kind, facts, options);
  }

  async reserve(options: ReserveOptions): Promise<Room> {
    const core = this.#core;
    assertOpen(core);
    const given = checkOptions(options, { of: 'budget.reserve', known: OF_ROOM, aliases: { mem: 'memory' } });
    const own = checkJobOptions(given);
    const { memory, cpu, pids } = given;
    const limits = {
      ...(memory !== undefined && { memory: { max: checkSize('memory', memory) } }),
      ...(cpu !== undefined && { cpu: resolveCpu(cpu, 'budget.reserve') }),
      ...(pids !== undefined && { pids: resolvePids(pids) }),
    };
    const need = needOf(limits, core.capacity);
    const request = { ...own, file: undefined, isFollowed: false, need: () => need, canStartAgain: false };
    const job = await core.jobs.whenRoom(request);
    prepareStart(core, job);
    job.started(undefined);
    const release = (): void => job.ended({});
    return { memoryBytes: need.memoryBytes, release, [Symbol.dispose]: release };
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

  #starter(name: 'spawn' | 'fork') {
    return (...args: unknown[]): Promise<unknown> => startJob(this.#core, name, args);
  }

  async #close(): Promise<void> {
    const { jobs, followed, learner } = this.#core;
    // close() has returned by the time that a listener or a rejected caller asks whether it is closing.
    await Promise.resolve();
    this.#lookout?.stop();
    jobs.rejectAll(
      () =>
        new MemcageError(
          ErrorCode.CLOSED,
          words`The budget was closed before there was room${CURE}close it once all jobs have ended`,
        ),
    );
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
