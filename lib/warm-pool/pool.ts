import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { Started } from '../api/started';
import type { AskOptions, TakeOptions, WarmPool, WarmPoolEvents, WarmPoolStats } from '../contract/warm-pool';
import { AbortError } from '../errors/errors';
import { emitApart } from '../event-loop/emit-apart';
import { ask, closedError, dismiss, type Question } from './ask';
import { readAskOptions, readTakeOptions } from './call-options';
import { Nursery } from './nursery';
import type { PoolPlan } from './pool-options';
import { Hold } from './refs';
import { trimSoon } from './trim-spare';
import { WaitingLine } from './waiting-line';
import type { WarmChild } from './warm-child';

export interface PoolRequest {
  plan: PoolPlan;
  /** The module, for errors. */
  file: string;
  killSignal: NodeJS.Signals | number;
  /** Starts a child. */
  start: () => Started;
}

/** The public pool: hands out the children of a {@link Nursery} in the order of the calls. */
export class ForkPool extends EventEmitter<WarmPoolEvents> implements WarmPool<Started['child']> {
  readonly #request: PoolRequest;
  readonly #nursery: Nursery;
  readonly #line = new WaitingLine<WarmChild>();
  readonly #hold = new Hold();
  /** What ends the children that are asked, when the pool closes. */
  readonly #onClose = new Set<() => void>();
  /** Resolve when children that were asked are gone. */
  readonly #asked = new Set<Promise<unknown>>();
  #served = 0;
  #closed: Promise<void> | undefined;

  /** Throws if the first child can't be started. */
  constructor(request: PoolRequest) {
    super();
    this.#request = request;
    // Children belong to the context of the one who made the pool, not to that of whoever happens to take one.
    const context = new AsyncResource('memcage.WarmPool');
    const inContext = (act: () => void): void => context.runInAsyncScope(act);
    this.#nursery = new Nursery({
      ...request,
      start: () => context.runInAsyncScope(request.start),
      inContext,
      waiting: () => this.#line.length,
      onReady: (child) => inContext(() => this.#onReady(child)),
      onLost: (error) => inContext(() => this.#onLost(error)),
    });
    this.#nursery.supply({ first: true });
  }

  get closing(): boolean {
    return this.#closed !== undefined;
  }

  async take(options: TakeOptions = {}): Promise<Started['child']> {
    const { signal } = readTakeOptions(options);
    const { child } = await this.#next(({ answers }) => answers === 0, signal);
    void child.outcome.then(() => this.#nursery.left());
    return child;
  }

  async run(message: Question['message'], options: AskOptions = {}): Promise<unknown> {
    const { signal, timeout } = readAskOptions(message, options);
    const taken = await this.#next(() => true, signal);
    const { file, killSignal } = this.#request;
    const { output } = taken;
    const onClose = (act: () => void) => this.#whenClosing(act);
    const answer = ask(taken.started, { message, file, killSignal, signal, timeout, output, onClose });
    const over = answer.then(
      () => this.#answered(taken),
      () => this.#end(taken),
    );
    this.#asked.add(over);
    void over.finally(() => this.#asked.delete(over));
    return answer;
  }

  stats(): WarmPoolStats {
    const { idle, loading, busy, started, crashed } = this.#nursery;
    return { spare: idle, loading, busy, waiting: this.#line.length, started, served: this.#served, crashed };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #next(suits: (child: WarmChild) => boolean, signal: AbortSignal | undefined): Promise<WarmChild> {
    if (this.closing) throw closedError();
    if (signal?.aborted === true) throw new AbortError(signal.reason);
    const found = this.#nursery.take(suits);
    if (found !== undefined) {
      this.#give(found);
      this.#nursery.supplyLater();
      return found;
    }
    const waits = this.#line.wait(suits, signal, () => this.#hold.set(this.#line.length > 0));
    this.#hold.set(true);
    this.#nursery.supply();
    return waits;
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
    this.#hold.set(this.#line.length > 0);
    if (given) {
      this.#nursery.supplyLater();
      return;
    }
    if (this.#request.plan.trim) trimSoon(child);
    this.#nursery.supply();
  }

  #onReady(child: WarmChild): void {
    this.#offer(child);
    emitApart(this, 'ready');
  }

  #onLost(error: Error): void {
    this.#line.refuseFirst(error);
    this.#hold.set(this.#line.length > 0);
    emitApart(this, 'crash', error);
    this.#nursery.supply();
  }

  async #answered(child: WarmChild): Promise<void> {
    child.answers += 1;
    const isUsable = child.answers < this.#request.plan.uses && child.child.connected && !this.closing;
    if (!isUsable) return this.#end(child);
    child.keep();
    this.#nursery.takeBack(child);
    this.#offer(child);
  }

  async #end({ started }: WarmChild): Promise<void> {
    await dismiss(started);
    this.#nursery.left();
  }

  #whenClosing(act: () => void): () => void {
    this.#onClose.add(act);
    return () => this.#onClose.delete(act);
  }

  async #close(): Promise<void> {
    for (const act of this.#onClose) act();
    while (this.#line.refuseFirst(closedError()));
    this.#hold.set(true);
    await Promise.all([this.#nursery.close(), ...this.#asked]);
    this.#hold.set(false);
    emitApart(this, 'close');
  }
}
