import type { Cgroup } from '../../../../lib/cgroup/handle/cgroup';
import type { RoomLedger } from '../../../../lib/jobs/budget/admission/room-ledger';
import type { FollowedJobs } from '../../../../lib/jobs/budget/followed-jobs';
import { Lookout } from '../../../../lib/jobs/budget/lookout';
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
    opened: () => {
      throw why;
    },
  } as unknown as Cgroup;
  const followed = { measurable: () => [{ record: {}, cgroup }] } as unknown as FollowedJobs;
  const ledger = { running: [] } as unknown as RoomLedger;
  new Lookout({ cgroup, memoryBytes: 2 ** 30, ledger, followed, admission: undefined }).jobStarted();
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
