import { nextTurn } from './next-turn';
import { outsideOfCalls } from './outside-of-calls';

let tasks: (() => void)[] = [];

/**
 * Do something in the next turn of the event loop, in no context of a caller's: when a call has returned, whose child is being
 * loaded meanwhile. It keeps no process alive; where there is no next turn, it is not done.
 */
export function defer(task: () => void): void {
  if (tasks.push(task) === 1) schedule();
}

function schedule(): void {
  outsideOfCalls(() => nextTurn(carryOut).unref());
}

function carryOut(): void {
  const due = tasks;
  tasks = [];
  try {
    for (let task = due.shift(); task !== undefined; task = due.shift()) task();
  } finally {
    // One has thrown.
    for (const task of due) defer(task);
  }
}
