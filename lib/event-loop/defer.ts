import { nextTurn } from './next-turn';
import { outsideOfCalls } from './outside-of-calls';

let tasks: (() => void)[] = [];

/**
 * Runs a task in the next turn of the event loop, outside of any caller's async context: the call has returned by
 * then, and its child is loading meanwhile. The task does not keep the process alive, and is dropped if there is no
 * next turn.
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
    // If a task threw, the rest is still due.
    for (const task of due) defer(task);
  }
}
