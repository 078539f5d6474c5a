import { SharedState } from '../../../../lib/cage/polling/shared-state';

/** The two sides of one state. */
function bothSides(): { here: SharedState; there: SharedState } {
  const here = SharedState.create();
  return { here, there: new SharedState(here.buffer) };
}

test('nothing is known at first', () => {
  expect(bothSides().there.seen).toEqual({
    looks: 0,
    usageBytes: null,
    peakBytes: null,
    kills: 0,
    processes: 0,
    refusedAtBytes: null,
  });
});

test('one side sees what the other has seen, more than 32 bits of it too', () => {
  const { here, there } = bothSides();
  const huge = 3 * 2 ** 40 + 1;
  there.saw(huge, 12);
  there.saw(2.4, 1);
  there.addKills(3);
  there.addKills(4);
  there.refusedAt(huge);
  expect(here.seen).toEqual({ looks: 2, usageBytes: 2, peakBytes: huge, kills: 7, processes: 1, refusedAtBytes: huge });
});

test('a wait ends at once if the request, or a later one, was carried out', () => {
  const { here, there } = bothSides();
  there.answer('looked', 3);
  there.answer('killed', 1);
  expect([here.waitFor('looked', 2, 0), here.waitFor('looked', 3, 0), here.waitFor('killed', 1, 0)]).toEqual([
    true,
    true,
    true,
  ]);
  expect([here.waitFor('looked', 4, 1), here.waitFor('killed', 2, 1)]).toEqual([false, false]);
});

test('after a failure nobody waits for what never comes', () => {
  const { here, there } = bothSides();
  there.fail();
  // Without an end of its own this would never return.
  expect(here.waitFor('looked', 1, Number.POSITIVE_INFINITY)).toBe(false);
});
