import { setTimeout } from 'node:timers';
import { nextTurn } from './next-turn';

/** As those of node:timers/promises, which is longer to load; and as `nextTurn`, not the global ones. */
export function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Until the event loop has turned. */
export function waitForTurn(): Promise<void> {
  return new Promise((resolve) => void nextTurn(resolve));
}
