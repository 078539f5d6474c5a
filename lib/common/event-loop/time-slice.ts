import { nextTurn } from './next-turn';

/** How long event callbacks may run one after the other before the event loop gets a turn. */
const TURN_MS = 10;

/**
 * Returns a function that calls `handle` for each event that it gets, in order, from the next turn of the event loop on. It
 * gives the loop turns in between. Node would call a thread-safe function a thousand times in a row, and in a storm of
 * children each call brings the next: timers and I/O would wait for seconds.
 *
 * @param handle must not throw
 */
export function inTimeSlices<T>(handle: (event: T) => void): (events: readonly T[]) => void {
  const waiting: T[] = [];
  let isDue = false;
  let turnEnd = 0;

  const goOn = (): void => {
    if (waiting.length === 0) {
      isDue = false;
    } else if (performance.now() >= turnEnd) {
      nextTurn(begin);
    } else {
      handle(waiting.shift() as T);
      afterMicrotasks(goOn);
    }
  };
  const begin = (): void => {
    turnEnd = performance.now() + TURN_MS;
    goOn();
  };
  return (events) => {
    for (const event of events) waiting.push(event);
    if (isDue || waiting.length === 0) return;
    isDue = true;
    nextTurn(begin);
  };
}

/**
 * Runs once everything that awaited an event is done. That may include the start of another child, which counts too.
 */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}
