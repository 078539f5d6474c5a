import { nextTurn } from './next-turn';
import { later } from './timers';

/**
 * Like setTimeout of node:timers/promises, which takes longer to load. Like `nextTurn`, it avoids the global timer.
 */
export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => void later(resolve, ms));
}

/** Resolves in the next turn of the event loop. */
export function waitForTurn(): Promise<void> {
  return new Promise((resolve) => void nextTurn(resolve));
}
