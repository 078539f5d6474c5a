import timers from 'node:timers';

/**
 * setTimeout and clearTimeout as they were at load time: what depends on them must also happen, and not too early, under
 * fake timers. Those of `node:test` replace the functions of the module too.
 */
export const { setTimeout: later, clearTimeout: cancel } = timers;
