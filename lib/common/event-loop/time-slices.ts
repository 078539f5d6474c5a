import { nextIteration } from './timers';

/** How long event callbacks may run one after the other before the event loop goes on. */
const SLICE_MS = 10;

/**
 * Returns a function that calls `handle` for each event that it gets, in order, from the next iteration of the event loop on. It
 * lets the loop go on in between. Node would call a thread-safe function a thousand times in a row, and in a storm of
 * children each call brings the next: timers and I/O would wait for seconds.
 *
 * @param handle must not throw
 */
export function inTimeSlices<T>(handle: (event: T) => void): (events: readonly T[]) => void {
  const waiting: T[] = [];
  let isDue = false;
  let sliceEnd = 0;

  const goOn = (): void => {
    if (waiting.length === 0) {
      isDue = false;
    } else if (performance.now() >= sliceEnd) {
      nextIteration(begin);
    } else {
      handle(waiting.shift() as T);
      afterMicrotasks(goOn);
    }
  };
  const begin = (): void => {
    sliceEnd = performance.now() + SLICE_MS;
    goOn();
  };
  return (events) => {
    for (const event of events) waiting.push(event);
    if (isDue || waiting.length === 0) return;
    isDue = true;
    nextIteration(begin);
  };
}

/**
 * Runs once everything that awaited an event is done. That may include the start of another child, which counts too.
 */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}

/** How long work that may wait takes of one iteration of the event loop, of all callers together. */
const SHARE_MS = 10;

let spentMs = 0;
let isCounting = false;

const laterTurns = inTimeSlices<() => void>((goOn) => goOn());

/**
 * For work of which a caller may ask for thousands at once: undefined if it can be done now, else what resolves when
 * it can, in the order of the calls. To await undefined would put off work that need not wait.
 */
export function untilShare(): Promise<void> | undefined {
  return spentMs < SHARE_MS ? undefined : new Promise((resolve) => laterTurns([resolve]));
}

/** Notes how long a piece of such work ({@link untilShare}) has taken. */
export function spendOfShare(ms: number): void {
  spentMs += ms;
  if (isCounting) return;
  isCounting = true;
  nextIteration(() => {
    isCounting = false;
    spentMs = 0;
  });
}
