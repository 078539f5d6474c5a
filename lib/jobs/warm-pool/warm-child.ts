import { type EventEmitter, once } from 'node:events';
import type { RunOutput } from '../../../types/outcome';
import type { Started } from '../../start/launch/call-node';
import { FAILED, type InternalMessage, READY, TRIM, TRIMMED } from './preload/messages';
import { setRefs } from './refs';
import { DRAIN_MS, endError, readOutput, resultOf } from './unexpected-end';

/** How long a child may live on whose channel is closed. */
const LEAVE_MS = 1000;
/** How many characters of the error that it tells of go into ours. */
const MOST_TOLD = 10_000;

/** What a pool hears of a child that nobody has taken. */
export interface WarmChildEvents {
  ready(child: WarmChild): void;
  /** It has ended, with everything that it started. */
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

  /** Calls the function when somebody takes it, or it ends. */
  whenUnwatched(act: () => void): void {
    this.#onUnwatched.push(act);
  }

  /** Collects its garbage; false if it did not get to that while nobody had taken it. */
  trim(): Promise<boolean> {
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

  readonly #onInternal = (message: InternalMessage): void => {
    if (message.cmd === TRIMMED) this.#onTrimmed?.();
    else if (message.cmd === READY && !this.isReady) {
      this.isReady = true;
      (this.child as EventEmitter).off('internalMessage', this.#onFailed);
      this.#events.ready(this);
    }
  };

  readonly #onFailed = ({ cmd, text }: InternalMessage): void => {
    // The module can send that too.
    if (cmd === FAILED && typeof text === 'string') this.#told = text.slice(0, MOST_TOLD);
  };

  readonly #onError = (error: Error): void => {
    if (this.child.pid === undefined) {
      void this.#end();
      return;
    }
    // It can't be asked any more. 'exit' follows.
    this.started.recorder.because(error);
    this.started.killAll();
  };

  readonly #onExit = (): void => void this.#end();

  /** It can't be asked any more. Most likely it is ending. */
  readonly #onDisconnect = (): void => {
    const timer = setTimeout(this.started.killAll, LEAVE_MS).unref();
    this.whenUnwatched(() => clearTimeout(timer));
  };

  async #end(): Promise<void> {
    const { output } = this;
    this.#unwatch();
    this.child.on('error', () => {});
    const result = await resultOf(this.started, output);
    await this.#lastWords();
    const when = this.isReady ? 'it was taken' : 'it was ready';
    this.#events.lost(this, endError({ file: this.#file, when }, this.started, result, this.#told));
  }

  /** Its exit may be known before what it has sent is read. */
  async #lastWords(): Promise<void> {
    if (!this.child.connected) return;
    await once(this.child, 'disconnect', { signal: AbortSignal.timeout(DRAIN_MS) }).catch(() => {});
  }
}
