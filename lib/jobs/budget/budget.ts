import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { CpuOption, Enforce, MemoryOption, NodeHeapOption, PidsOption, Size } from '../../../types/options';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import type {
  CagedChild,
  CagedProcess,
  CageOptions,
  ContainOptions,
  ForkOptions,
  MemberOptions,
  RunOptions,
  RunResult,
  SharedCage,
  SpawnOptions,
} from '../../cage/contract/cage';
import type { CageLimitOptions, ChildSettingsOptions } from '../../cage/contract/limit-options';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { Emitter } from '../../common/event-loop/emitter';
import type { OutputEncoding } from '../../process/collect-output';
import type { LearnOptions } from './learning/learner';

/** Options of {@link createBudget}. The settings of children are for all jobs. */
export interface BudgetOptions extends ChildSettingsOptions {
  /** The memory that all jobs share: the hard limit of a cage around them, `max` of it what jobs wait for. */
  memory: MemoryOption;
  /** The processors that all jobs share. A job with `cpu` of its own takes that much of `cpu.max`. Default: no limit. */
  cpu?: CpuOption;
  /** The processes and threads that all jobs share. A job with `pids` of its own takes that many. Default: no limit. */
  pids?: PidsOption;
  /** The most jobs at a time, whatever room there is: a positive integer. Default: no limit. */
  concurrency?: number;
  /**
   * What a running job takes of the memory: with `'limits'` its limit, so that jobs can't meet the limit of the budget;
   * with `'use'` what it uses now and may soon need, so that more run at a time. When they get close to the limit,
   * memcage freezes the youngest until others have ended. Where that does not help, it kills one: the youngest that it can start
   * again, else the youngest. Default: `'limits'`.
   */
  admit?: 'limits' | 'use';
  /** Learn how much memory jobs with the same `key` need, and limit them by that. Default: no. */
  learn?: LearnOptions;
  /** The memory cgroup to make the budget's cage in. Default: as for {@link createCage}. */
  parent?: Cgroup | string;
  /** The limit of the heap of all Node children. Default: as for {@link createCage}. */
  nodeHeap?: NodeHeapOption;
  /** The weakest that may hold the limits. Default: as for {@link createCage}. */
  enforce?: Enforce;
}

/** What a budget adds to the options of a child. */
export interface JobOptions {
  /**
   * What kind of job it is: jobs with the same key share what is learned. Required with `learn` unless there is `memory`.
   * Default: none.
   */
  key?: string;
  /** Jobs with a higher number start first. Any finite number. Default: 0. */
  priority?: number;
}

/** What a job says of its memory: the limit, `max` of it if it is an object. */
export interface SizedJob {
  /** The limit of the job's memory, which it takes of the budget. It can't be unlimited. */
  memory: MemoryOption;
}

/** What a job says of its memory in a budget with `learn`: `memory` is then the limit while nothing is known of the `key`. */
export type LearnedJob =
  | SizedJob
  | {
      /** What kind of job it is. */
      key: string;
    };

/** Options of a job: those of a child in a cage, and {@link JobOptions}. */
export type Job<O extends CageOptions, Sized = SizedJob> = Sized extends unknown
  ? Omit<MemberOptions<O>, keyof Sized> & JobOptions & Sized
  : never;

/** Options of {@link Budget.reserve}. */
export interface ReserveOptions extends JobOptions {
  /** How much memory. It can't be unlimited. */
  memory: Size;
  /** How many processors. Default: 0. */
  cpu?: number;
  /** How many processes and threads. Default: 0. */
  pids?: number;
  /** Stop waiting. It changes nothing once there is room. Default: none. */
  signal?: AbortSignal;
}

/** Options of {@link Budget.contain}: the limits of each child that has none of its own, and what kind of job it is. */
export type ContainJobsOptions<Sized = SizedJob> = ContainOptions & CageLimitOptions & JobOptions & Sized;

/** Room in a budget, from {@link Budget.reserve}. */
export interface Room extends Disposable {
  /** How much memory it is. */
  readonly memoryBytes: number;
  /** Give it back. You may call it again. */
  release(): void;
}

/** A job of a budget, as its events tell of it. */
export interface JobEvent {
  /** Counts from 1 in each budget. */
  id: number;
  /** The `key` of the job's options; null without one. */
  key: string | null;
  /** The `priority` of the job's options. Default: 0. */
  priority: number;
  /** What was called: the file, module or command; null for {@link Budget.reserve}. */
  file: string | null;
  /** What it asked for, or what was learned. */
  memoryBytes: number;
  /** 1, and one more each time that it is started again. */
  attempt: number;
  /** When it happened, in milliseconds since the epoch. */
  timeMs: number;
}

/** The argument of a 'started' event. */
export interface JobStartedEvent extends JobEvent {
  /** How long it waited, in milliseconds. */
  waitedMs: number;
  /** Null for {@link Budget.reserve}. */
  child: ChildProcess | null;
}

/** The argument of an 'ended' event. */
export interface JobEndedEvent extends JobEvent {
  /** From its start to its end, in milliseconds; null if it never started. */
  durationMs: number | null;
  /** For how long of that the budget kept it frozen, in milliseconds. */
  frozenMs: number;
  /** Null for {@link Budget.reserve}, and if it left the queue. */
  outcome: Outcome | null;
  /** Why it left the queue, or could not be started. Null otherwise. */
  error: Error | null;
  /** Why it starts again, as `attempt` + 1: it was killed for its own limit, or for that of the budget. Null if it does not. */
  again: 'memory' | 'budget' | null;
}

/** The events of a budget, with the arguments of their listeners. */
export interface BudgetEvents {
  /** A job waits for room. Not for one that starts at once. */
  queued: [event: JobEvent];
  /** A job has started. */
  started: [event: JobStartedEvent];
  /** A job has ended, and given its room back; or it has left the queue. */
  ended: [event: JobEndedEvent];
  /** The budget is closed: nothing of it is left. */
  close: [];
}

/** The figures of a budget at this moment, and its counts since it was made. */
export interface BudgetStats {
  /** The memory of the budget, in bytes. */
  memoryBytes: number;
  /** What running jobs have taken of it, by `admit`. */
  reservedBytes: number;
  /** What running jobs use without page cache; null if it can't be read. */
  usedBytes: number | null;
  /** Jobs that wait. */
  queued: number;
  /** Jobs that have room. */
  running: number;
  /** Of these, jobs that the budget keeps frozen until more memory is free. */
  frozen: number;
  /** Jobs that ended, however. */
  ended: number;
  /** Ended jobs whose last attempt was killed for memory, by the kernel or for the others of the budget. */
  killed: number;
  /** How often a job was started again after a kill for its own limit. */
  retried: number;
  /** How often the budget killed a job to keep the others within its memory, and started it again. */
  evicted: number;
  /** Jobs that left the queue without a start. */
  aborted: number;
  /** The longest that a job of those in the queue has waited, in milliseconds. */
  longestWaitMs: number;
}

/**
 * A cage whose children wait for room. An open budget does not keep the event loop alive, and ends with the process.
 *
 * @see docs/reference/budget.md
 */
export interface Budget<Sized = SizedJob> extends Emitter<BudgetEvents>, AsyncDisposable {
  /** The cage around all jobs. What you start in it yourself does not wait, and takes memory that jobs count on. With `enforce` it may have no `cgroup`. */
  readonly cage: SharedCage;

  /** Whether the budget is closed or closing. */
  readonly closed: boolean;

  /** The budget's figures at this moment. */
  stats(): BudgetStats;

  /**
   * Like {@link run}, once there is room.
   *
   * Each function of a budget rejects with ERR_MEMCAGE_INVALID_ARGUMENT, before it waits, for a job that asks for more than
   * the whole budget; with an AbortError, if `signal` aborts while it waits; with ERR_MEMCAGE_CLOSED, if the budget closes before
   * the job has started.
   */
  run<const T extends OutputEncoding = 'utf8'>(
    file: string,
    options: Job<RunOptions<T>, Sized>,
  ): Promise<RunResult<T, MemoryReport>>;
  /** Like {@link run}, once there is room. */
  run<const T extends OutputEncoding = 'utf8'>(
    file: string,
    args: readonly string[] | undefined,
    options: Job<RunOptions<T>, Sized>,
  ): Promise<RunResult<T, MemoryReport>>;

  /** Like {@link spawn}, once there is room. Resolves with the child before it has emitted anything. */
  spawn<const S extends StdioOptions = 'pipe'>(
    file: string,
    options: Job<SpawnOptions<S>, Sized>,
  ): Promise<CagedProcess<S>>;
  /** Like {@link spawn}, once there is room. Resolves with the child before it has emitted anything. */
  spawn<const S extends StdioOptions = 'pipe'>(
    file: string,
    args: readonly string[] | undefined,
    options: Job<SpawnOptions<S>, Sized>,
  ): Promise<CagedProcess<S>>;

  /** Like {@link fork}, once there is room. Resolves with the child before it has emitted anything. */
  fork(modulePath: string | URL, options: Job<ForkOptions, Sized>): Promise<CagedChild>;
  /** Like {@link fork}, once there is room. Resolves with the child before it has emitted anything. */
  fork(
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options: Job<ForkOptions, Sized>,
  ): Promise<CagedChild>;

  /** Wait for room without a child, for what you start yourself. It is yours until you release it. */
  reserve(options: ReserveOptions): Promise<Room>;

  /**
   * Call a function. Each child that is started within, in its async context and by whatever library, is a job of the budget,
   * with these options. Without room it is born nevertheless, with its pid and in its cage, and waits before it becomes its
   * program. Limits in a child's own options take precedence; with `cage` or `parent` it goes elsewhere, at once.
   *
   * A synchronous function of Node's can't wait, and throws ERR_MEMCAGE_BUSY if there is no room. So does any start while as many as
   * may wait do, 1,000 or a sixteenth of RLIMIT_NOFILE; but {@link run} waits without a child then. What asks for more than the
   * whole budget throws ERR_MEMCAGE_INVALID_ARGUMENT.
   *
   * @see docs/reference/budget.md
   */
  contain<T>(fn: () => T, options: ContainJobsOptions<Sized>): T;

  /**
   * Reject what waits with ERR_MEMCAGE_CLOSED, and close the cage, which kills what runs. Resolves when nothing is left. You may
   * call it again.
   */
  close(): Promise<void>;

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
