import { setTimeout } from 'node:timers';
import { nextTurn } from './next-turn';

/**
 * Like setTimeout of node:timers/promises, which takes longer to load. Like `nextTurn`, it avoids the global timer.
 */
export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Resolves in the next turn of the event loop. */
export function waitForTurn(): Promise<void> {
  return new Promise((resolve) => void nextTurn(resolve));
}
