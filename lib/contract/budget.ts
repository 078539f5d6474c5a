import type { ChildProcess, ExecException, ExecFileException } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { CpuOption, Enforce, MemoryOption, NodeHeapOption, PidsOption, Size } from '../../types/options';
import type { Outcome } from '../../types/outcome';
import type { Cgroup } from '../cgroup/handle/cgroup';
import type { Cage, ExecFileOptions, ExecOptions, ForkOptions, MemberOptions, RunOptions, SpawnOptions } from './cage';
import type { ChildSettingsOptions } from './limit-options';

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
   * memcage kills the youngest and starts it again alone. Default: `'limits'`.
   */
  admit?: 'limits' | 'use';
  /** Learn how much memory jobs with the same `key` need, and limit them by that. Default: no. */
  learn?: LearnOptions;
  /** Like the option of {@link createCage}. */
  parent?: Cgroup | string;
  /** Like the option of {@link createCage}. */
  nodeHeap?: NodeHeapOption;
  /** Like the option of {@link createCage}. */
  enforce?: Enforce;
}

/** How limits are learned. */
export interface LearnOptions {
  /** Where to keep what was learned, so that the next process knows it. Default: it is forgotten with the budget. */
  file?: string;
  /** The lowest limit that is learned. Default: 16 MiB. */
  floor?: Size;
  /** The highest limit that is learned, and the last to be tried. Default: the memory of the budget. */
  ceiling?: Size;
}

/** What a budget adds to the options of a child. */
export interface JobOptions {
  /** What kind of job it is: jobs with the same key share what is learned. Required with `learn` unless there is `memory`. */
  key?: string;
  /** Jobs with a higher number start first. Any finite number. Default: 0. */
  priority?: number;
}

/** Options of a job: those of a child in a cage, and {@link JobOptions}. */
export type Job<O> = O & JobOptions;

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
  key: string | undefined;
  priority: number;
  /** What was called: the file, module or command; undefined for {@link Budget.reserve}. */
  file: string | undefined;
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
  /** Undefined for {@link Budget.reserve}. */
  child: ChildProcess | undefined;
}

/** The argument of an 'ended' event. */
export interface JobEndedEvent extends JobEvent {
  /** From its start to its end, in milliseconds; 0 if it never started. */
  durationMs: number;
  /** Undefined for {@link Budget.reserve}, and if it left the queue. */
  outcome: Outcome | undefined;
  /** Why it left the queue, or could not be started. Left out otherwise. */
  error?: Error;
  /** Whether it starts again, as `attempt` + 1, and why. */
  again: 'memory' | 'budget' | undefined;
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
  queued: number;
  running: number;
  /** Jobs that ended, however. */
  ended: number;
  /** Of those, jobs whose last attempt was killed for memory. */
  killed: number;
  /** How often a job was started again after a kill for its own limit. */
  retried: number;
  /** How often the budget killed a job to keep the others within its memory. */
  evicted: number;
  /** Jobs that left the queue without a start. */
  aborted: number;
  /** The longest that a job of those in the queue has waited, in milliseconds. */
  longestWaitMs: number;
}

type Args = readonly string[] | null | undefined;

/** A cage whose children wait for room. */
export interface Budget extends EventEmitter<BudgetEvents>, AsyncDisposable {
  /** The cage around all jobs. What you start in it yourself does not wait. */
  readonly cage: Cage;
  readonly closing: boolean;
  stats(): BudgetStats;
}
