import type { Budget, ContainJobsOptions, Room } from 'memcage';
import { budgetsClosedAfterEach } from './budget-after-each';

const MEMORY = '64M';
/** The options of contain() with which a child needs all that the budget has. */
export const ALL: ContainJobsOptions = { memory: MEMORY };

/** A budget without room: what is started within waits until you release it. */
export interface FullBudget {
  budget: Budget;
  room: Room;
  /** Calls it within, for jobs that need all that the budget has. */
  contain<T>(fn: () => T): T;
}

/** Makes them for the tests of a describe. Call it before expectNothingLeft(). */
export function fullBudgets(): () => Promise<FullBudget> {
  const make = budgetsClosedAfterEach();
  return async () => {
    const budget = make({ memory: MEMORY });
    const room = await budget.reserve({ memory: MEMORY });
    return { budget, room, contain: (fn) => budget.contain(fn, ALL) };
  };
}
