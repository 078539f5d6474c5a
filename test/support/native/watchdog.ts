import { constants } from 'node:os';
import { readIfThere } from '../processes/processes';
import { failedAt, type Report, type Scenario, startCloningTwice, twice } from './clone-fixture';

/** What is reported of two children that the watchdog has killed. */
export const KILLED_BY_WATCHDOG = twice(failedAt('watchdog', constants.errno.ETIMEDOUT, '/bin/true'));

/** Runs a scenario, and does something to each child that it blocks. */
export async function meddling(scenario: Scenario, meddle: (child: number) => void): Promise<Report> {
  const fixture = startCloningTwice(scenario);
  const seen = new Set<number>();
  const timer = setInterval(() => {
    const [starter] = scenario.options.starter === undefined ? [] : childPids(fixture.pid);
    for (const child of childPids(fixture.pid)) {
      if (child === starter) continue;
      if (!seen.has(child)) meddle(child);
      seen.add(child);
    }
  }, 5);
  try {
    const { stdout } = await fixture.end;
    return JSON.parse(stdout) as Report;
  } finally {
    clearInterval(timer);
  }
}

function childPids(pid: number): number[] {
  return (readIfThere(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}
