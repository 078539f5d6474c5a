import { SpareSides } from '../../../../lib/cage/cgroup/spare-sides';
import type { ControllerHome } from '../../../../lib/cage/root/cage-version';
import { NO_LIMITS } from '../../../../lib/cgroup/controllers/limits-report';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';

jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  waitMs: () => Promise.resolve(),
  untilNextIteration: () => Promise.resolve(),
}));

/** Refuses the first removals. */
function machine(refusals: number): { cgroups: ReadonlyMap<string, unknown>; home(name: string): ControllerHome } {
  let left = refusals;
  const made = cgroupsInMemory({ '': {}, one: {}, other: {} });
  const { removeDirectory } = made.native;
  made.native.removeDirectory = (options) => {
    left -= 1;
    if (left >= 0) throw refusal('ENOMEM', 'unlinkat');
    return removeDirectory(options);
  };
  return {
    cgroups: made.cgroups,
    home: (name) => ({ controllers: ['pids'], directory: made.directory(name), inMemory: false }) as ControllerHome,
  };
}

const ONE = { pids: 1 };
const OTHER = { pids: 2 };

test('side cgroups that nobody wants any more are removed, also where the kernel refuses that at first', async () => {
  const { cgroups, home } = machine(3);
  const spares = new SpareSides();
  spares.giveBack(ONE, [home('one')], NO_LIMITS);
  spares.giveBack(OTHER, [home('other')], NO_LIMITS);
  expect([...cgroups.keys()]).toEqual(['', 'one', 'other']);
  await new Promise(setImmediate);
  expect([...cgroups.keys()]).toEqual(['', 'other']);
});

test('at the end, none is kept', () => {
  const { cgroups, home } = machine(0);
  const spares = new SpareSides();
  spares.giveBack(ONE, [home('one')], NO_LIMITS);
  spares.close();
  spares.giveBack(OTHER, [home('other')], NO_LIMITS);
  expect([...cgroups.keys()]).toEqual(['']);
});
