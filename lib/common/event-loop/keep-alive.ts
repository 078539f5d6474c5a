import timers from 'node:timers';

// As they were at load time: fake timers must not change when a process ends.
const { setInterval: repeat, clearInterval: cancel } = timers;
const LONG_MS = 2 ** 30;

/** Keeps the event loop alive while it is told to. */
export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;

  set(isNeeded: boolean): void {
    if (isNeeded === (this.#timer !== undefined)) return;
    if (isNeeded) this.#timer = repeat(() => {}, LONG_MS);
    else {
      cancel(this.#timer);
      this.#timer = undefined;
    }
  }
}
