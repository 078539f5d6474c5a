import { AsyncLocalStorage } from 'node:async_hooks';
import timers from 'node:timers';

/**
 * Node's timers as they were at load time, and not the global ones, of which jsdom lacks setImmediate: what depends on them must
 * also happen, and not too early, under fake timers. Those of `node:test` replace the functions of the module too.
 */
export const { setImmediate: nextIteration, setTimeout: later, clearTimeout: cancel } = timers;

/**
 * Waits as setTimeout of node:timers/promises does, which takes longer to load, and avoids the global timer, as {@link later} does.
 *
 * @param keepsAlive whether the process stays alive for it
 */
export function waitMs(ms: number, { keepsAlive = true } = {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = later(resolve, ms);
    if (!keepsAlive) timer.unref();
  });
}

/** Resolves in the next iteration of the event loop. */
export function untilNextIteration(): Promise<void> {
  return new Promise((resolve) => void nextIteration(resolve));
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread. */
export function pauseSync(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}

/** Calls a function in the async context of load time, which is no caller's. */
export const outsideOfCalls = AsyncLocalStorage.snapshot();

const { setInterval: repeat, clearInterval: stop } = timers;
const LONG_MS = 2 ** 30;

/** Keeps the event loop alive while it is told to. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;

  set(isNeeded: boolean): void {
    if (isNeeded === (this.#timer !== undefined)) return;
    if (isNeeded) this.#timer = repeat(() => {}, LONG_MS);
    else {
      stop(this.#timer);
      this.#timer = undefined;
    }
  }
}

let tasks: (() => void)[] = [];

/**
 * Runs a task in the next iteration of the event loop, outside of any caller's async context: the call has returned by
 * then, and its child is loading meanwhile. It is dropped if the process exits before that.
 *
 * For that one iteration it keeps the process alive. Otherwise the loop would sleep first, until an event that may be the end of that
 * child: after a timer, an immediate or an exit there is no other iteration.
 */
export function defer(task: () => void): void {
  if (tasks.push(task) === 1) schedule();
}

function schedule(): void {
  outsideOfCalls(() => nextIteration(carryOut));
}

function carryOut(): void {
  const due = tasks;
  tasks = [];
  try {
    for (let task = due.shift(); task !== undefined; task = due.shift()) task();
  } finally {
    // If a task threw, the rest is still due.
    for (const task of due) defer(task);
  }
}
