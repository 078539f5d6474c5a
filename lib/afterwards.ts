import { AsyncLocalStorage } from 'node:async_hooks';

const tasks: (() => void)[] = [];
const outsideOfCalls = AsyncLocalStorage.snapshot();
// Taken at load: under fake timers none would ever be carried out.
const nextTurn = setImmediate;

/**
 * Do something in the next turn of the event loop, in no context of a caller's: when a call has returned, whose child is being
 * loaded meanwhile. It keeps no process alive; where there is no next turn, it is not done.
 *
 * @param task throws nothing: there is nobody to catch it
 */
export function afterwards(task: () => void): void {
  if (tasks.push(task) === 1) outsideOfCalls(schedule);
}

function schedule(): void {
  nextTurn(carryOut).unref();
}

function carryOut(): void {
  for (const task of tasks.splice(0)) task();
}
