import type { ChildProcess } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import type { RunOutput } from '../../../types/outcome';
import type { Started } from '../../start/launch/start-call';
import { LOAD_FAILED, type PoolMessage, READY, TRIM, TRIMMED } from './preload/messages';
import { DRAIN_MS, endError, endedResult, LEAVE_MS, readOutput } from './unexpected-end';

/** How long a child waits before it is trimmed: it may be taken soon, and its first answer should not wait for that. */
const TRIM_AFTER_MS = 1000;
/** How many characters of the error that it tells of go into ours. */
const MOST_TOLD = 10_000;

/** What a pool hears of a child that nobody has taken. */
export interface WarmChildEvents {
  ready(child: WarmChild): void;
  /** The child has ended, with everything that it started. */
  lost(child: WarmChild, error: Error): void;
}

/** A child of a pool, from its start until somebody takes it. It does not keep this process alive. */
export class WarmChild {
  /** How many messages it has answered. */
  answers = 0;
  isReady = false;
  readonly #events: WarmChildEvents;
  readonly #file: string;
  #told: string | undefined;
  #isWatched = false;
  #onTrimmed: (() => void) | undefined;
  /** What to do when somebody takes it, or it ends. */
  readonly #onUnwatched: (() => void)[] = [];
  #output: (() => RunOutput<string>) | undefined;

  constructor(
    readonly started: Started,
    { file, events }: { file: string; events: WarmChildEvents },
  ) {
    this.#file = file;
    this.#events = events;
    (this.child as EventEmitter).on('internalMessage', this.#onFailed);
    this.keep();
  }

  get child(): Started['child'] {
    return this.started.child;
  }

  /** Whether it can be taken: it has not ended, and listens. */
  get isUsable(): boolean {
    return this.#isWatched && this.child.connected;
  }

  /** What it writes, if those are pipes; read from the first time on that somebody asks for it. */
  get output(): () => RunOutput<string> {
    this.#output ??= readOutput(this.child);
    return this.#output;
  }

  /** Watches it while it waits. */
  keep(): void {
    const { child } = this;
    this.#isWatched = true;
    (child as EventEmitter).on('internalMessage', this.#onInternal);
    child.on('error', this.#onError);
    child.on('exit', this.#onExit);
    child.on('disconnect', this.#onDisconnect);
    setRefs(child, false);
  }

  /** From now on it is another's. It keeps this process alive, as a child of fork does. */
  give(): void {
    this.#unwatch();
    setRefs(this.child, true);
  }

  /** Gives back memory of a child that goes on waiting. With `isShared`, that of its cage is also that of children that work. */
  trimLater({ isShared }: { isShared: boolean }): void {
    const timer = setTimeout(() => void this.#trim(isShared), TRIM_AFTER_MS).unref();
    this.#onUnwatched.push(() => clearTimeout(timer));
  }

  async #trim(isShared: boolean): Promise<void> {
    if (!(await this.#collectGarbage()) || isShared) return;
    try {
      const cgroup = this.child.cage?.cgroup;
      if (cgroup?.version === 2) await cgroup.reclaim('max');
    } catch {
      // Nothing holds such a cage, the kernel is older than 5.19, or the child has ended meanwhile: it gives back less.
    }
  }

  /** False if it did not get to that while nobody had taken it. */
  #collectGarbage(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onTrimmed = () => {
        this.#onTrimmed = undefined;
        resolve(this.#isWatched);
      };
      this.child.send({ cmd: TRIM }, (error) => {
        if (error !== null) this.#onTrimmed?.();
      });
    });
  }

  /** Has it end that was taken, and is no longer needed: by itself, since its channel is closed, or else it is killed. */
  async dismiss(): Promise<void> {
    const { child } = this;
    child.on('error', () => {});
    if (child.connected) child.disconnect();
    const timer = setTimeout(this.started.killAll, LEAVE_MS);
    await child.outcome;
    clearTimeout(timer);
  }

  /** Ends it with everything that it started. Nothing more is heard of it. */
  async kill(): Promise<void> {
    this.#unwatch();
    const { child } = this;
    // An 'error' without a listener would be thrown.
    child.on('error', () => {});
    setRefs(child, true);
    this.started.killAll();
    await child.outcome;
  }

  #unwatch(): void {
    const { child } = this;
    this.#isWatched = false;
    this.#onTrimmed?.();
    for (const act of this.#onUnwatched.splice(0)) act();
    (child as EventEmitter).off('internalMessage', this.#onInternal);
    child.off('error', this.#onError);
    child.off('exit', this.#onExit);
    child.off('disconnect', this.#onDisconnect);
  }

  readonly #onInternal = (message: PoolMessage): void => {
    if (message.cmd === TRIMMED) this.#onTrimmed?.();
    else if (message.cmd === READY && !this.isReady) {
      this.isReady = true;
      (this.child as EventEmitter).off('internalMessage', this.#onFailed);
      this.#events.ready(this);
    }
  };

  readonly #onFailed = ({ cmd, text }: PoolMessage): void => {
    // The module can send that too.
    if (cmd === LOAD_FAILED && typeof text === 'string') this.#told = text.slice(0, MOST_TOLD);
  };

  readonly #onError = (error: Error): void => {
    if (this.child.pid === undefined) {
      void this.#end();
      return;
    }
    // A child with a broken channel can't be asked any more. 'exit' follows.
    this.started.recorder.because(error);
    this.started.killAll();
  };

  readonly #onExit = (): void => void this.#end();

  /** A child without a channel can't be asked any more. Most likely it is ending. */
  readonly #onDisconnect = (): void => {
    const timer = setTimeout(this.started.killAll, LEAVE_MS).unref();
    this.#onUnwatched.push(() => clearTimeout(timer));
  };

  async #end(): Promise<void> {
    const { output } = this;
    this.#unwatch();
    this.child.on('error', () => {});
    const result = await endedResult(this.started, output);
    await this.#lastWords();
    const when = this.isReady ? 'it was taken' : 'it was ready';
    this.#events.lost(this, endError({ file: this.#file, when }, this.started, result, this.#told));
  }

  /** An exit may be known before what the child has sent is read. */
  async #lastWords(): Promise<void> {
    if (!this.child.connected) return;
    await once(this.child, 'disconnect', { signal: AbortSignal.timeout(DRAIN_MS) }).catch(() => {});
  }
}

interface Referable {
  ref?(): unknown;
  unref?(): unknown;
}

/** Whether a child, its channel and its pipes keep this process alive. Those of `fork` do. */
function setRefs(child: ChildProcess, refs: boolean): void {
  // Node leaves `stdio` undefined if there were no fds for the pipes.
  const pipes: readonly unknown[] = (child.stdio as ChildProcess['stdio'] | undefined) ?? [];
  for (const each of [child, child.channel, ...pipes] as (Referable | null | undefined)[]) {
    if (refs) each?.ref?.();
    else each?.unref?.();
  }
}
