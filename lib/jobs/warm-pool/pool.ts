import { type InspectOptions, inspect } from 'node:util';
import { AbortError } from '../../common/errors/errors';
import { emitApart, LazyEmitter } from '../../common/event-loop/emitter';
import { KeepAlive } from '../../common/event-loop/timers';
import { shown, withoutZeros } from '../../common/text/inspected';
import type { Started } from '../../start/launch/start-call';
import { type AskRequest, ask, poolClosed } from './ask-child';
import { Nursery } from './nursery';
import { type PoolPlan, type ReadAskOptions, readAskOptions, readTakeOptions } from './pool-options';
import { WaitingLine } from './waiting-line';
import type { WarmChild } from './warm-child';
import type { WarmPool, WarmPoolAskOptions, WarmPoolEvents, WarmPoolStats, WarmPoolTakeOptions } from './warm-pool';

export interface PoolRequest {
  plan: PoolPlan;
  /** The module, for errors. */
  file: string;
  killSignal: NodeJS.Signals | number;
  /** The memory limit of each child; undefined without one of its own. */
  limitBytes: number | undefined;
  /** Starts a child. */
  start: () => Started;
}

/** What came of a question. `over` resolves when the child is gone, or waits again. */
type AskResult = { over: Promise<void> } & ({ answer: unknown } | { error: unknown });

const EVENTS = Object.keys({
  ready: true,
  error: true,
  close: true,
} satisfies Record<keyof WarmPoolEvents, true>);

/** The public pool: hands out the children of a {@link Nursery} in the order of the calls. */
export class ForkPool extends LazyEmitter<WarmPoolEvents> implements WarmPool<Started['child']> {
  readonly #request: PoolRequest;
  readonly #nursery: Nursery;
  readonly #line = new WaitingLine<WarmChild>();
  readonly #keepAlive = new KeepAlive();
  /** What ends the children that are asked, when the pool closes. */
  readonly #onClose = new Set<() => void>();
  /** A promise for each call of run(), which resolves when its child is gone, or waits again. */
  readonly #asked = new Set<Promise<unknown>>();
  #served = 0;
  #wasReady = false;
  /** Somebody listens for `ready`, and no child has failed since. */
  #isAwaited = false;
  #isClosing = false;
  #closed: Promise<void> | undefined;

  /** Throws if the first child can't be started. */
  constructor(request: PoolRequest) {
    super(EVENTS);
    this.#request = request;
    this.#nursery = new Nursery({
      ...request,
      waiting: () => this.#line.length,
      onReady: (child) => this.#offer(child),
      onLost: (error, wasReady) => this.#onLost(error, wasReady),
    });
    this.#nursery.supply({ first: true });
    this.#changed();
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  async take(options: WarmPoolTakeOptions = {}): Promise<Started['child']> {
    const { signal } = readTakeOptions(options);
    const { child } = await this.#next(({ answers }) => answers === 0, signal);
    void child.outcome.then(() => this.#nursery.left());
    return child;
  }

  async ask(message: AskRequest['message'], options: WarmPoolAskOptions = {}): Promise<unknown> {
    const read = readAskOptions(message, options);
    const asked = this.#next(() => true, read.signal).then((child) => this.#ask(child, message, read));
    // Known from now on, not once there is a child: the pool may be closed in between.
    const over = asked.then(
      (end) => end.over,
      () => {},
    );
    this.#asked.add(over);
    void over.finally(() => this.#asked.delete(over));
    const end = await asked;
    if ('error' in end) throw end.error;
    return end.answer;
  }

  stats(): WarmPoolStats {
    const { idle, loading, busy, started, crashed } = this.#nursery;
    return { spare: idle, loading, busy, waiting: this.#line.length, started, served: this.#served, crashed };
  }

  /** For `console.log()`: of its counts those that tell of something. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { closed } = this;
    const { file, limitBytes } = this.#request;
    const { spare, loading, busy, waiting, ...counts } = this.stats();
    const now = { spare, loading, busy, waiting };
    const facts = {
      ...(limitBytes !== undefined && { limitBytes }),
      ...(closed ? withoutZeros(now) : now),
      ...withoutZeros(counts),
      ...(closed && { closed }),
    };
    return shown('WarmPool', file, facts, options);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override listeningEnds(name: keyof WarmPoolEvents): void {
    if (name !== 'ready') return;
    this.#isAwaited = false;
    this.#stayAlive();
  }

  protected override listenerAdded(name: keyof WarmPoolEvents, listener: () => void): void {
    if (name !== 'ready') return;
    this.#isAwaited = true;
    this.#stayAlive();
    if (this.closed) process.nextTick(() => this.#refuseReady());
    if (!this.#isReady) return;
    process.nextTick(() => {
      // A child may have been taken meanwhile, or the pool closed.
      if (this.#isReady && this.rawListeners('ready').includes(listener)) listener.call(this);
    });
  }

  /** The pool is closed: who waits for `ready` once, as `once(pool, 'ready')` does, would wait for ever. */
  #refuseReady(): void {
    const isAwaitedOnce = this.rawListeners('ready').some((each) => 'listener' in each);
    if (isAwaitedOnce && this.listenerCount('error') > 0) emitApart(this, 'error', poolClosed());
  }

  /** Whether as many children wait as are to. */
  get #isReady(): boolean {
    const { spare, maxChildren } = this.#request.plan;
    return !this.closed && this.#nursery.idle >= Math.min(spare, maxChildren);
  }

  /** Children have come, or gone. */
  #changed(): void {
    this.#stayAlive();
    const isNews = this.#isReady && !this.#wasReady;
    this.#wasReady = this.#isReady;
    if (isNews) emitApart(this, 'ready');
  }

  /** Keeps the process alive for those who wait for a child, or for all of them to wait. */
  #stayAlive(): void {
    const waits = this.#line.length > 0 || (this.#isAwaited && !this.#isReady);
    this.#keepAlive.set(this.#isClosing || (waits && !this.closed));
  }

  async #next(suits: (child: WarmChild) => boolean, signal: AbortSignal | undefined): Promise<WarmChild> {
    if (this.closed) throw poolClosed();
    if (signal?.aborted === true) throw new AbortError(signal.reason);
    const found = this.#nursery.take(suits);
    if (found !== undefined) {
      this.#give(found);
      this.#nursery.supplyLater();
      this.#changed();
      return found;
    }
    const waits = this.#line.wait(suits, signal, () => this.#stayAlive());
    this.#stayAlive();
    this.#nursery.supply();
    return waits;
  }

  /** Never rejects. A child that waits again does so before the caller has the answer, and may ask the next. */
  async #ask(child: WarmChild, message: AskRequest['message'], read: ReadAskOptions): Promise<AskResult> {
    const { file, killSignal, plan } = this.#request;
    const { output } = child;
    const more = child.answers + 1 < plan.maxUses;
    const onClose = (act: () => void) => this.#whenClosing(act);
    try {
      if (this.closed) throw poolClosed();
      const answer = await ask(child.started, { ...read, message, more, file, killSignal, output, onClose });
      return { answer, over: this.#answered(child) };
    } catch (error) {
      return { error, over: this.#end(child) };
    }
  }

  #give(child: WarmChild): void {
    child.give();
    this.#served += 1;
  }

  /** A child waits: it is for the first who wants it. */
  #offer(child: WarmChild): void {
    const given = this.#line.give(child, () => {
      this.#nursery.remove(child);
      this.#give(child);
    });
    if (given) {
      this.#nursery.supplyLater();
    } else {
      if (this.#request.plan.trim) child.trimLater(this.#request.plan);
      this.#nursery.supply();
    }
    this.#changed();
  }

  #onLost(error: Error, wasReady: boolean): void {
    // Nobody has missed one that had loaded the module.
    if (!wasReady) this.#line.refuseFirst(error);
    // With a broken module they would be awaited for ever.
    this.#isAwaited = false;
    this.#changed();
    // Who listens to nothing else has no need to listen to this: the next call fails with it.
    if (this.listenerCount('error') > 0) emitApart(this, 'error', error);
    this.#nursery.supply();
  }

  async #answered(child: WarmChild): Promise<void> {
    child.answers += 1;
    const isUsable = child.answers < this.#request.plan.maxUses && child.child.connected && !this.closed;
    // Otherwise those behind the first would use it for ever, with no room for a child that the first can use.
    const isInTheWay = this.#nursery.loading === 0 && this.#line.isUselessToFirst(child);
    if (!isUsable || isInTheWay) return this.#end(child);
    child.keep();
    this.#nursery.takeBack(child);
    this.#offer(child);
  }

  async #end(child: WarmChild): Promise<void> {
    await child.dismiss();
    this.#nursery.left();
  }

  #whenClosing(act: () => void): () => void {
    this.#onClose.add(act);
    return () => this.#onClose.delete(act);
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    for (const act of this.#onClose) act();
    while (this.#line.refuseFirst(poolClosed()));
    // Not at once: a listener may close the pool, which does not count as closed before this returns.
    process.nextTick(() => this.#refuseReady());
    this.#stayAlive();
    await Promise.all([this.#nursery.close(), ...this.#asked]);
    this.#isClosing = false;
    this.#stayAlive();
    emitApart(this, 'close');
  }
}
