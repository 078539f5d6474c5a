import { nextTurn } from './next-turn';
import { outsideOfCalls } from './outside-of-calls';

let tasks: (() => void)[] = [];

/**
 * Runs a task in the next turn of the event loop, outside of any caller's async context: the call has returned by
 * then, and its child is loading meanwhile. It is dropped if the process exits before that.
 *
 * For that one turn it keeps the process alive. Otherwise the loop would sleep first, until an event that may be the end of that
 * child: after a timer, an immediate or an exit there is no other turn.
 */
export function defer(task: () => void): void {
  if (tasks.push(task) === 1) schedule();
}

function schedule(): void {
  outsideOfCalls(() => nextTurn(carryOut));
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
