import { AsyncResource } from 'node:async_hooks';
import { availableParallelism } from 'node:os';
import type { Started } from '../../start/launch/start-call';
import type { PoolPlan } from './pool-options';
import { Backoff, startsDue } from './starts-due';
import { WarmChild } from './warm-child';

/** How long a child that was taken has the processor to itself before its successor is started. */
const SUCCESSOR_MS = 20;

export interface NurseryRequest {
  plan: PoolPlan;
  file: string;
  start: () => Started;
  /** How many calls wait for a child. */
  waiting: () => number;
  onReady: (child: WarmChild) => void;
  /** A child that nobody had taken has ended, or could not be started. `wasReady`: it had loaded the module. */
  onLost: (error: Error, wasReady: boolean) => void;
}

/** Starts children, and keeps those that wait. */
export class Nursery {
  busy = 0;
  started = 0;
  crashed = 0;
  readonly #request: NurseryRequest;
  readonly #loading = new Set<WarmChild>();
  readonly #idle = new Set<WarmChild>();
  readonly #backoff = new Backoff();
  /** Children belong to the context of the one who made the pool, not to that of whoever happens to take one. */
  readonly #context = new AsyncResource('memcage.WarmPool');
  readonly #fillAtOnce = Math.max(1, Math.floor(availableParallelism() / 2));
  /** Until when no child is started that nobody waits for. */
  #later: NodeJS.Timeout | undefined;
  #isBackingOff = false;
  #isSupplying = false;
  #isClosed = false;
  /** Children that end to make room: until nothing is left of them. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(request: NurseryRequest) {
    this.#request = request;
  }

  get idle(): number {
    return this.#idle.size;
  }

  get loading(): number {
    return this.#loading.size;
  }

  /** Starts what is missing. The `first` time, what can't be started is the caller's error. */
  supply({ first = false } = {}): void {
    // A failure calls this again, which must not go as deep as there are calls that wait.
    if (this.#isSupplying) return;
    this.#isSupplying = true;
    try {
      while (this.#isOneDue()) this.#startOne(first);
    } finally {
      this.#isSupplying = false;
    }
    this.#makeRoom();
  }

  /** Starts the successor of a child that was just taken, but not at once. */
  supplyLater(): void {
    if (this.#later === undefined || this.#isBackingOff) this.#delay(SUCCESSOR_MS);
    this.#isBackingOff = false;
    // Nobody may be kept waiting.
    this.supply();
  }

  /** Takes a child that waits and suits. The one that has answered most comes first, which leaves fresh ones to others. */
  take(suits: (child: WarmChild) => boolean): WarmChild | undefined {
    const [best] = [...this.#idle]
      .filter((child) => child.isUsable && suits(child))
      .sort((a, b) => b.answers - a.answers);
    if (best !== undefined) this.remove(best);
    return best;
  }

  /** A child that waits is taken. */
  remove(child: WarmChild): void {
    this.#idle.delete(child);
    this.busy += 1;
    this.#backoff.succeeded();
  }

  /** A child that was taken waits again. */
  takeBack(child: WarmChild): void {
    this.busy -= 1;
    this.#idle.add(child);
  }

  /** Nothing is left of a child that was taken. */
  left(): void {
    this.busy -= 1;
    this.supply();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#later);
    const all = [...this.#loading, ...this.#idle];
    this.#loading.clear();
    this.#idle.clear();
    await Promise.all([...all.map((child) => child.kill()), ...this.#leaving]);
  }

  #isOneDue(): boolean {
    if (this.#isClosed) return false;
    const { plan, waiting } = this.#request;
    const due = startsDue({
      ...plan,
      fillAtOnce: this.#fillAtOnce,
      mayFill: this.#later === undefined,
      idle: this.#idle.size,
      loading: this.#loading.size,
      busy: this.busy,
      waiting: waiting(),
    });
    return due > 0;
  }

  #startOne(first: boolean): void {
    try {
      this.#start();
    } catch (error) {
      // With one that was started there is a pool, which can try again.
      if (first && this.started === 0) throw error;
      this.#lost(error as Error, false);
    }
  }

  #start(): void {
    const { file, onReady, start } = this.#request;
    const child = new WarmChild(this.#context.runInAsyncScope(start), {
      file,
      events: {
        ready: () => {
          this.#loading.delete(child);
          this.#idle.add(child);
          this.#context.runInAsyncScope(() => onReady(child));
        },
        lost: (_, error) => {
          this.#loading.delete(child);
          this.#idle.delete(child);
          this.#lost(error, child.isReady);
        },
      },
    });
    this.#loading.add(child);
    this.started += 1;
  }

  #lost(error: Error, wasReady: boolean): void {
    if (this.#isClosed) return;
    this.crashed += 1;
    this.#backoff.failed();
    this.#isBackingOff = true;
    this.#delay(this.#backoff.delayMs);
    this.#context.runInAsyncScope(() => this.#request.onLost(error, wasReady));
  }

  #delay(ms: number): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      this.#later = undefined;
      this.#isBackingOff = false;
      this.#context.runInAsyncScope(() => this.supply());
    }, ms).unref();
  }

  /** Ends a child that has answered before, if it takes the place of one that somebody waits for. */
  #makeRoom(): void {
    const { plan, waiting } = this.#request;
    const total = this.#idle.size + this.#loading.size + this.busy;
    if (this.#isClosed || waiting() <= this.#loading.size + this.#leaving.size || total < plan.maxChildren) return;
    const [old] = this.#idle;
    if (old === undefined) return;
    this.remove(old);
    const gone = old.kill();
    this.#leaving.add(gone);
    void gone.then(() => {
      this.#leaving.delete(gone);
      this.left();
    });
  }
}
