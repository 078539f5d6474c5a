import { nextTurn } from './next-turn';
import { later } from './timers';

/**
 * Like setTimeout of node:timers/promises, which takes longer to load. Like `nextTurn`, it avoids the global timer.
 *
 * @param keepsAlive whether the process stays alive for it
 */
export function waitMs(ms: number, { keepsAlive = true } = {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = later(resolve, ms);
    if (!keepsAlive) timer.unref();
  });
}

/** Resolves in the next turn of the event loop. */
export function waitForTurn(): Promise<void> {
  return new Promise((resolve) => void nextTurn(resolve));
}
