import { type Budget, type BudgetOptions, createBudget, type JobEndedEvent, type JobEvent } from 'memcage';
import { allClosedAfterEach } from '../closed-after-each';

/** createBudget() for the tests of a describe. Call it before expectNothingLeft(): it closes each budget after its test. */
export function budgetsClosedAfterEach(): (options: BudgetOptions) => Budget {
  return allClosedAfterEach((options: BudgetOptions) => createBudget(options));
}

/** The names of a budget's events as they come, with the number of the job: 'queued 1'. */
export function eventsOf(budget: Budget): string[] {
  const seen: string[] = [];
  for (const name of ['queued', 'started', 'ended'] as const) {
    budget.on(name, (event: JobEvent & Partial<JobEndedEvent>) => {
      seen.push([name, event.id, ...(event.again ? [event.again] : [])].join(' '));
    });
  }
  budget.on('close', () => seen.push('close'));
  return seen;
}
