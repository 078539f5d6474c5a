import type { Cgroup } from '../../../../lib/cgroup/handle/cgroup';
import type { MeteredBudget } from '../../../../lib/jobs/budget/admission/eviction';
import { AdaptiveUseMeter } from '../../../../lib/jobs/budget/lookout';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

/** What is due, by the pause before it. */
const due: { look: () => void; pauseMs: number }[] = [];
jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  later: (look: () => void, pauseMs: number) => {
    due.push({ look, pauseMs });
    return { unref: () => undefined };
  },
  cancel: () => {},
}));

/** Looks once at a budget with a job, whose figures can't be read for this reason. */
function look(why: Error): void {
  due.length = 0;
  const cgroup = {
    version: 2,
    source: () => {
      throw why;
    },
  } as unknown as Cgroup;
  const job = { job: {} as never, cgroup, measured: () => {} };
  const budget = { cgroup, running: () => [job.job], measurable: () => [job] } as unknown as MeteredBudget;
  new AdaptiveUseMeter(budget, 2 ** 30, undefined).jobStarted();
  due.shift()?.look();
}

test('looks again after a shortage', () => {
  look(refusal('EMFILE'));
  expect(due).toMatchObject([{ pauseMs: 10 }]);
});

test('hides no other error, and looks again all the same', () => {
  expect(() => look(new TypeError('a slip'))).toThrow('a slip');
  expect(due).toMatchObject([{ pauseMs: 10 }]);
});
