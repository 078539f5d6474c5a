import { nextTurn } from './next-turn';

/** Of a turn of the event loop, for the callbacks of events that come one after the other. */
const TURN_MS = 10;

/**
 * Calls `handle` for each of the events that it is given, in their order, and leaves the event loop its turns meanwhile. Node
 * would stay with a thread-safe function for a thousand calls, and in a storm of children each call brings the next: timers
 * and I/O would wait for seconds.
 *
 * @param handle throws nothing
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
      // The loop would sleep in spite of an immediate that is not to keep it alive.
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

/** When all is done that awaited an event, which is perhaps the start of another child: it counts as well. */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}
