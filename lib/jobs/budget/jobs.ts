import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Outcome } from '../../../types/outcome';
import { AbortError } from '../../common/errors/errors';
import { emitApart } from '../../common/event-loop/emitter';
import { KeepAlive } from '../../common/event-loop/timers';
import { AbortListeners } from './abort-listeners';
import type { Need } from './admission/admission';
import type { RoomLedger, RoomRequest, RunningRecord } from './admission/room-ledger';
import type { BudgetEvents, BudgetStats, JobEvent } from './budget';

/** What a job is, before it waits. */
export interface JobRequest {
  /** What was called. Undefined for room without a child. */
  file: string | undefined;
  /** False for one during which nobody can look at it: a synchronous one. */
  isFollowed: boolean;
  key: string | undefined;
  priority: number;
  /** What it takes. Asked again and again while it waits: what is learned meanwhile may change it. */
  need(): Need;
  canStartAgain: boolean;
  signal: AbortSignal | undefined;
}

/** Who wants to know of a job. Neither may throw. */
export interface JobListener {
  /** The job has room: call {@link BudgetJob.started} or {@link BudgetJob.ended}. This may come within the call that made it wait. */
  onRoom(job: BudgetJob): void;
  /** The job left the queue, and never gets room. */
  onLeft(error: Error): void;
}

/** How an attempt ended. */
export interface JobEnd {
  /** Left out if there was no child. */
  outcome?: Outcome;
  /** Why it could not be started. */
  error?: Error;
  /** Whether memcage killed it to keep the others within the budget. Default: no. */
  isEvicted?: boolean;
}

/** Why a job starts again. */
export type Again = 'memory' | 'budget';

type JobCounts = Pick<BudgetStats, 'ended' | 'killed' | 'retried' | 'evicted' | 'aborted'>;

/** The jobs of one budget: who waits, who runs, and the events that tell of it. */
export class Jobs {
  readonly counts: JobCounts = { ended: 0, killed: 0, retried: 0, evicted: 0, aborted: 0 };
  readonly abortListeners = new AbortListeners();
  readonly #keepAlive = new KeepAlive();
  #made = 0;
  #orders = 0;

  constructor(
    readonly ledger: RoomLedger,
    private readonly emitter: EventEmitter<BudgetEvents>,
  ) {}

  /** @throws AbortError if its signal was aborted already */
  enter(request: JobRequest, listener: JobListener): BudgetJob {
    const { signal } = request;
    if (signal?.aborted === true) throw new AbortError(signal.reason);
    this.#made += 1;
    const job = new BudgetJob(this, request, this.#made);
    job.wait(listener);
    return job;
  }

  /**
   * Resolves as the job gets room, in a microtask: Node emits what a start brings about ('spawn', 'error') only after all
   * microtasks, and so after the caller has got the child.
   */
  whenRoom(request: JobRequest): Promise<BudgetJob> {
    return new Promise((onRoom, onLeft) => {
      this.enter(request, { onRoom, onLeft });
    });
  }

  /** For one that can't wait: undefined, and nothing has happened, if it would have to. */
  enterNow(request: JobRequest, listener: JobListener): BudgetJob | undefined {
    const job = new BudgetJob(this, request, this.#made + 1);
    if (!job.startNow(listener)) return undefined;
    this.#made += 1;
    return job;
  }

  /** The last place of all. */
  nextOrder(): number {
    this.#orders += 1;
    return this.#orders;
  }

  /** All that wait leave. */
  rejectAll(error: () => Error): void {
    for (const job of this.#waiting()) job.leave(error());
  }

  longestWaitMs(): number {
    const nowMs = performance.now();
    return this.#waiting().reduce((most, job) => Math.max(most, nowMs - job.sinceMs), 0);
  }

  emit<N extends keyof BudgetEvents>(name: N, ...args: BudgetEvents[N]): void {
    emitApart(this.emitter, name, ...args);
  }

  /** Someone has begun or ended to wait or to run. What waits keeps the process alive only while a child of a job runs. */
  changed(): void {
    const { ledger } = this;
    const runsAny = ledger.running.some(({ asker }) => asker instanceof BudgetJob && asker.request.file !== undefined);
    this.#keepAlive.set(ledger.queued > 0 && runsAny);
  }

  #waiting(): BudgetJob[] {
    return this.ledger.waiting().filter((request) => request instanceof BudgetJob);
  }
}

/** One job, from before it waits until its last attempt has ended. */
export class BudgetJob implements RoomRequest {
  attempt = 1;
  order: number;
  byLimits = false;
  /** Since when the job waits or runs, in milliseconds of monotonic time. */
  sinceMs = 0;
  #listener: JobListener | undefined;
  #record: RunningRecord | undefined;
  #hasStarted = false;

  constructor(
    private readonly jobs: Jobs,
    readonly request: JobRequest,
    private readonly id: number,
  ) {
    this.order = jobs.nextOrder();
  }

  get need(): Need {
    return this.request.need();
  }

  get priority(): number {
    return this.request.priority;
  }

  get canStartAgain(): boolean {
    return this.request.canStartAgain;
  }

  get isMeasured(): boolean {
    return this.request.file !== undefined && this.request.isFollowed;
  }

  /** Undefined while it does not run. */
  get record(): RunningRecord | undefined {
    return this.#record;
  }

  /** What it has room for; while it waits, what it would get now. */
  get taken(): Need {
    return this.#record?.need ?? this.need;
  }

  wait(listener: JobListener): void {
    const { jobs } = this;
    this.#listener = listener;
    this.sinceMs = performance.now();
    const { signal } = this.request;
    if (signal !== undefined) jobs.abortListeners.add(signal, this.#abort);
    jobs.ledger.ask(this);
    if (this.#record === undefined) jobs.emit('queued', this.#event());
    jobs.changed();
    // A listener may have aborted it as its last attempt ended: no event tells of that any more.
    if (signal?.aborted === true && this.#record === undefined) this.#abort();
  }

  /** False if there is no room for it now: then it does not wait either. */
  startNow(listener: JobListener): boolean {
    const { ledger } = this.jobs;
    this.#listener = listener;
    this.sinceMs = performance.now();
    const hasRoom = ledger.askNow(this);
    this.jobs.changed();
    return hasRoom;
  }

  onRoom(record: RunningRecord): void {
    this.#record = record;
    this.#waitsNoMore();
    this.#listener?.onRoom(this);
  }

  /** Gives up before it has started. Does nothing afterwards. */
  leave(error: Error): void {
    const waits = this.#record === undefined;
    if (waits ? !this.jobs.ledger.withdraw(this) : this.#hasStarted) return;
    this.#waitsNoMore();
    this.#conclude('aborted', { error });
    this.#listener?.onLeft(error);
  }

  /**
   * @param child undefined if there is none
   * @param startedMs when it started, if that was not now
   */
  started(child: ChildProcess | undefined, startedMs = performance.now()): void {
    const waitedMs = startedMs - this.sinceMs;
    this.sinceMs = startedMs;
    this.#hasStarted = true;
    this.jobs.emit('started', { ...this.#event(), waitedMs, child: child ?? null });
  }

  /**
   * {@link started}, with a child that its caller does not have yet. A listener may abort it, or whoever holds its signal before
   * the caller's promise is resolved, which has it emit an 'error' at once: that comes again when the caller can have listeners.
   */
  startedUnseen(child: ChildProcess): void {
    const unheard: Error[] = [];
    const hear = (error: Error): void => {
      if (child.listenerCount('error') === 1) unheard.push(error);
    };
    child.on('error', hear);
    this.started(child);
    process.nextTick(() => {
      child.off('error', hear);
      for (const error of unheard) child.emit('error', error);
    });
  }

  /** Gives its room back. */
  ended(end: JobEnd): void {
    if (this.#record === undefined) return;
    if (end.isEvicted === true || (end.outcome !== undefined && end.outcome.oom !== null)) this.jobs.counts.killed += 1;
    this.#conclude('ended', end);
  }

  /** Gives its room back, and resolves as it gets that of its next attempt, as {@link Jobs.whenRoom}. */
  startAgain(again: Again, outcome: Outcome): Promise<BudgetJob> {
    this.#giveBack(again === 'memory' ? 'retried' : 'evicted', { outcome }, again);
    this.attempt += 1;
    // All that wait go first: little may run beside it, and so most of the others would have to end before anything starts again.
    if (again === 'budget') this.order = this.jobs.nextOrder();
    return new Promise((onRoom, onLeft) => this.wait({ onRoom, onLeft }));
  }

  #conclude(count: keyof JobCounts, end: JobEnd): void {
    this.#giveBack(count, end, undefined);
    this.jobs.ledger.giveRoomIfChanged();
    this.jobs.changed();
  }

  #giveBack(count: keyof JobCounts, { outcome, error }: JobEnd, again: Again | undefined): void {
    const { jobs } = this;
    const event = this.#event();
    const durationMs = this.#hasStarted ? performance.now() - this.sinceMs : null;
    this.#hasStarted = false;
    const frozenMs = this.#record?.frozenMs(performance.now()) ?? 0;
    if (this.#record !== undefined) jobs.ledger.release(this.#record);
    this.#record = undefined;
    jobs.counts[count] += 1;
    const told = { durationMs, frozenMs, outcome: outcome ?? null, error: error ?? null, again: again ?? null };
    jobs.emit('ended', { ...event, ...told });
  }

  #waitsNoMore(): void {
    const { signal } = this.request;
    if (signal !== undefined) this.jobs.abortListeners.delete(signal, this.#abort);
  }

  readonly #abort = (): void => this.leave(new AbortError(this.request.signal?.reason));

  #event(): JobEvent {
    const { file = null, key = null, priority } = this.request;
    const { memoryBytes } = this.taken;
    return { id: this.id, key, priority, file, memoryBytes, attempt: this.attempt, timeMs: Date.now() };
  }
}
