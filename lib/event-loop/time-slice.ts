import { nextTurn } from './next-turn';

/** How long event callbacks may run one after the other before the event loop gets a turn. */
const TURN_MS = 10;

/**
 * Returns a function that calls `handle` for each event that it gets, in order, and gives the event loop turns in
 * between. Node would call a thread-safe function a thousand times in a row, and in a storm of children each call
 * brings the next: timers and I/O would wait for seconds.
 *
 * @param handle must not throw
 */
export function inTimeSlices<T>(handle: (event: T) => void): (events: readonly T[]) => void {
  const waiting: T[] = [];
  let isGoingOn = false;
  let turnEnd: number | undefined;
  let turn: NodeJS.Immediate | undefined;

  const goOn = (): void => {
    isGoingOn = false;
    if (waiting.length === 0) return;
    if (turnEnd === undefined) {
      turnEnd = performance.now() + TURN_MS;
      turn = nextTurn(endTurn).unref();
    } else if (performance.now() >= turnEnd) {
      // The unref'd immediate alone would not stop the loop from sleeping.
      turn?.ref();
      return;
    }
    handle(waiting.shift() as T);
    if (waiting.length === 0) return;
    isGoingOn = true;
    afterMicrotasks(goOn);
  };
  const endTurn = (): void => {
    turnEnd = undefined;
    if (!isGoingOn) goOn();
  };
  return (events) => {
    for (const event of events) waiting.push(event);
    if (!isGoingOn) goOn();
  };
}

/**
 * Runs once everything that awaited an event is done. That may include the start of another child, which counts too.
 */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}
