import type { ChildProcess, Serializable } from 'node:child_process';
import type { ForkOptions, SharedCage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { Emitter } from '../../common/event-loop/emitter';

/** Options of {@link createWarmPool}: those of {@link fork} for each child, and {@link WarmPoolSettings}. */
export interface WarmPoolOptions
  extends Omit<ForkOptions, 'signal' | 'timeout' | 'detached' | 'cage' | 'untrusted'>,
    WarmPoolSettings {
  /** The shared cage to start in, from {@link createCage}. Default: that of `contain()` around the call, if any. */
  cage?: SharedCage | SharedCage<Cgroup | null>;
}

/** What {@link createWarmPool} adds to the options of {@link fork}. */
export interface WarmPoolSettings {
  /** How many children wait, with the module loaded: an integer, 0 for none. Default: 2. */
  spare?: number;
  /** The most children at a time, those that were taken included: a positive integer. Default: no limit. */
  maxChildren?: number;
  /** How many messages of {@link WarmPool.ask} a child answers before it is replaced: a positive integer. Default: 1. */
  maxUses?: number;
  /**
   * Give back memory of children that wait: once a child has waited for a second, it collects its garbage, and the kernel
   * takes back what the child does not use (`memory.reclaim`, cgroup v2). Default: false.
   */
  trim?: boolean;
}

/** Options of {@link WarmPool.take}. */
export interface WarmPoolTakeOptions {
  /** Ends the wait for a child. Once you have the child, it does nothing. Default: none. */
  signal?: AbortSignal;
}

/** Options of {@link WarmPool.ask}. */
export interface WarmPoolAskOptions {
  /** Ends the wait for a child, or the child that was asked, with all that it started. Default: none. */
  signal?: AbortSignal;
  /** For how long the child may take to answer, in milliseconds, from when it is asked. It is ended then. Default: no limit. */
  timeout?: number;
}

/** The events of a warm pool. */
export interface WarmPoolEvents {
  /**
   * As many children wait as you asked for (`spare`), each time anew. A listener that comes while they wait is called as well: so
   * `await once(pool, 'ready')` works at any time. It keeps the process alive until they wait, or one fails. It rejects with
   * ERR_MEMCAGE_CLOSED once the pool is closed.
   */
  ready: [];
  /**
   * A child failed to load the module, or ended while it waited. The pool starts another one, each time later. Also
   * ERR_MEMCAGE_CLOSED, if the pool is closed while someone waits for `ready` by `once()`. Without a listener nothing is thrown.
   */
  error: [error: Error];
  /** The pool is closed: nothing of it is left. */
  close: [];
}

/** The children of a warm pool at this moment, and its counts since it was made. */
export interface WarmPoolStats {
  /** Children that wait. */
  spare: number;
  /** Children that load the module. */
  loading: number;
  /** Children that were taken, or that answer, until nothing is left of them. */
  busy: number;
  /** Calls of `take()` and `ask()` that wait for a child. */
  waiting: number;
  /** Children that were started. */
  started: number;
  /** Calls that got a child. */
  served: number;
  /** Children that failed to load the module, or ended while they waited. */
  crashed: number;
}

/** Node children that have loaded a module, and wait. Made by {@link createWarmPool}. */
export interface WarmPool<C extends ChildProcess = ChildProcess> extends Emitter<WarmPoolEvents>, AsyncDisposable {
  /** Whether the pool is closed or closing. */
  readonly closed: boolean;

  /**
   * Take a child that has answered nothing before: a ChildProcess of {@link fork}, which is yours from now on. What it sent
   * while it waited, you get as 'message' events, if you listen at once. If none waits, the promise waits for the next one,
   * in the order of the calls.
   *
   * @throws the error of the child that should have been yours, if it can't load the module: as {@link ask}'s, with the
   * module's own error in the message. AbortError after an abort; ERR_MEMCAGE_CLOSED once the pool is closed
   */
  take(options?: WarmPoolTakeOptions): Promise<C>;

  /**
   * Send a message to a child, and resolve with the first message that it sends back. What it has sent before is dropped.
   * After its answers (`maxUses`) the child's channel is closed, and what is left of it after a second is killed.
   *
   * @throws as `run()`, if the child ends without an answer: MemoryLimitError, LimitError, ExitError, also
   * for exit code 0; AbortError after an abort; TimeoutError after `timeout`. As {@link take}, if there is no child
   */
  ask(message: Serializable, options?: WarmPoolAskOptions): Promise<unknown>;

  /** The pool's figures at this moment. */
  stats(): WarmPoolStats;

  /**
   * End all children that wait or answer, and resolve when nothing of them is left. Calls that wait, or whose answer is not
   * there, reject with ERR_MEMCAGE_CLOSED. What you have taken stays yours.
   */
  close(): Promise<void>;

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
