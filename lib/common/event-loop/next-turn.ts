import { setImmediate } from 'node:timers';

/**
 * setImmediate as it was at load time, and not the global one, which jsdom lacks: work left for the next turn must
 * also happen under fake timers.
 */
export const nextTurn = setImmediate;
