import { isNativeError } from '../cgroup/directory/refusal';
import { MemcageError } from '../common/errors/errors';
import { defer, nextIteration } from '../common/event-loop/timers';

/** Starts within this time of each other are a series. */
const BUSY_MS = 20;

/** What starts need, each one of its own. All of a kind are interchangeable. */
export interface Makes<Kind, Made> {
  make(kind: Kind): Made;
  isSameKind(one: Kind, other: Kind): boolean;
  /** Whether one that was made a while ago can still be used, from now on. */
  begin(made: Made): boolean;
  /** Never throws. */
  discard(made: Made): void;
}

/**
 * Makes for the next start what it needs, while the last child runs, if one start after another needs the same kind.
 * That saves a third of what a cage costs, and more when the kernel is still busy with a cgroup that was just removed.
 */
export class MadeAhead<Kind, Made> {
  #lastKind: Kind | undefined;
  #ready: { kind: Kind; made: Made } | undefined;
  #lastTakeMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** The kind of what to make ahead soon. */
  #wanted: { kind: Kind } | undefined;
  #isClosed = false;

  constructor(private readonly makes: Makes<Kind, Made>) {}

  /** One that was made ahead; undefined if there is none of this kind. */
  take(kind: Kind): Made | undefined {
    const repeated = this.#lastKind !== undefined && this.makes.isSameKind(kind, this.#lastKind);
    this.#lastKind = kind;
    const now = performance.now();
    const isBusy = now - this.#lastTakeMs < BUSY_MS;
    this.#lastTakeMs = now;
    const made = this.#take(kind);
    if (repeated) this.#prepare(kind, isBusy);
    return made;
  }

  /** Discards what is ready. Never throws. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined) this.makes.discard(ready.made);
  }

  #take(kind: Kind): Made | undefined {
    const ready = this.#ready;
    if (ready === undefined) return undefined;
    this.#ready = undefined;
    try {
      if (this.makes.isSameKind(ready.kind, kind) && this.makes.begin(ready.made)) return ready.made;
    } catch {
      // No fd is free to look at it.
    }
    // Another kind is wanted now, or someone else removed the empty cgroup.
    nextIteration(() => this.makes.discard(ready.made));
    return undefined;
  }

  /** If starts are rare, it waits until the child that was just started has loaded: doing both at once takes longer. */
  #prepare(kind: Kind, isBusy: boolean): void {
    clearTimeout(this.#timer);
    if (!isBusy) {
      this.#timer = setTimeout(() => this.#makeReady(kind), BUSY_MS).unref();
      return;
    }
    // Only one deferred call at a time: a program that makes only synchronous calls never reaches any.
    if (this.#wanted === undefined) {
      defer(() => {
        const wanted = this.#wanted;
        this.#wanted = undefined;
        if (wanted !== undefined) this.#makeReady(wanted.kind);
      });
    }
    this.#wanted = { kind };
  }

  #makeReady(kind: Kind): void {
    if (this.#ready !== undefined || this.#isClosed) return;
    try {
      this.#ready = { kind, made: this.makes.make(kind) };
    } catch (error) {
      // The next start will fail in the same way, and report it.
      if (!(error instanceof MemcageError) && !isNativeError(error)) throw error;
    }
  }
}
