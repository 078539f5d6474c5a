import { runSchedule } from '../../../../support/budget/schedules';
import { starts } from '../../../../support/children/starts';
import { patience } from '../../../../support/patience';
import { seedOf } from '../../../../support/random';

jest.setTimeout(patience(3_600_000));

test('each job of a schedule ends, the oldest always runs, and none starts while another is frozen', () => {
  const first = seedOf();
  const sum = { jobs: 0, freezes: 0 };
  for (let schedule = 0; schedule < starts(1000); schedule += 1) {
    const { jobs, freezes } = runSchedule(first + schedule);
    sum.jobs += jobs;
    sum.freezes += freezes;
  }
  expect(sum.freezes).toBeGreaterThan(sum.jobs / 10);
});
