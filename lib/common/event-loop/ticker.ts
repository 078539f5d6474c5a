/** Someone who waits for a time of performance.now(). */
interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

const waiters = new Set<Waiter>();
let timer: NodeJS.Timeout | undefined;
let timerDueMs = Number.POSITIVE_INFINITY;

/** Calls `wake` at that time; all waiters share one timer. Returns a function that cancels it. */
export function wakeAt(dueMs: number, wake: () => void): () => void {
  const waiter = { dueMs, wake };
  waiters.add(waiter);
  if (dueMs < timerDueMs) setTimer(dueMs);
  return () => {
    // A timer without waiters would keep the process alive.
    if (waiters.delete(waiter) && waiters.size === 0) clearTimer();
  };
}

function setTimer(dueMs: number): void {
  clearTimeout(timer);
  timerDueMs = dueMs;
  // setTimeout counts from the beginning of this turn of the event loop, in whole milliseconds.
  timer = setTimeout(wakeAllDue, Math.max(0, Math.ceil(dueMs - performance.now())));
}

function clearTimer(): void {
  clearTimeout(timer);
  timer = undefined;
  timerDueMs = Number.POSITIVE_INFINITY;
}

function wakeAllDue(): void {
  const nowMs = performance.now();
  const due = [...waiters].filter(({ dueMs }) => dueMs <= nowMs);
  for (const waiter of due) waiters.delete(waiter);
  const next = Math.min(...Array.from(waiters, ({ dueMs }) => dueMs));
  if (next === Number.POSITIVE_INFINITY) clearTimer();
  else setTimer(next);
  for (const { wake } of due) wake();
}
