import { setTimeout as sleep } from 'node:timers/promises';
import { patience } from './patience';

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits for a condition and returns its first truthy value. If it takes too long, fails and says what did not happen.
 */
export async function until<T>(what: string, condition: () => T | Promise<T>, timeoutMs = 15_000): Promise<T & {}> {
  const patienceMs = patience(timeoutMs);
  const end = performance.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${patienceMs} ms`);
    await sleep(5);
  }
}

/** Waits for a condition while no other JavaScript runs; whether it came true in time. */
export function block(condition: () => boolean, timeoutMs = 10_000, pauseMs = 5): boolean {
  const end = performance.now() + patience(timeoutMs);
  while (!condition() && performance.now() < end) Atomics.wait(PAUSE, 0, 0, pauseMs);
  return condition();
}
