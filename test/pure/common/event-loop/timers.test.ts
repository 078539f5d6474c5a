import timers from 'node:timers';
import { waitMs } from '../../../../lib/common/event-loop/timers';

afterEach(() => jest.restoreAllMocks());

test('a wait ends although the timers are replaced', async () => {
  // node:test replaces these too, besides the global ones.
  const replaced = jest.spyOn(timers, 'setTimeout').mockReturnValue(undefined as never);
  await waitMs(1);
  expect(replaced).not.toHaveBeenCalled();
});
