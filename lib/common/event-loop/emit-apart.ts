import type { EventEmitter } from 'node:events';

/**
 * Emits an event in the middle of work that must go on. An exception in a listener becomes an uncaught one, as it
 * would in any callback.
 */
export function emitApart(emitter: EventEmitter, name: string, ...args: unknown[]): void {
  try {
    emitter.emit(name, ...args);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
