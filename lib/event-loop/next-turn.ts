import { setImmediate } from 'node:timers';

/**
 * setImmediate as it was at load, and not the global one, which jsdom has not: what is left for the next turn must come about
 * under fake timers as well.
 */
export const nextTurn = setImmediate;
