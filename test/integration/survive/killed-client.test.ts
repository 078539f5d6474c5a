import { dirname, join } from 'node:path';
import { killClients } from '../../../bench/clients/kill-clients';
import { starts } from '../../support/children/starts';
import { patience } from '../../support/patience';
import { random, seedOf } from '../../support/random';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(240_000));

const KILLS = starts(16);

describeIf(['cgroup', 'root', 'python3'], 'memcage run --die-with-parent, whose client is killed', () => {
  test(`${KILLS} times, at any moment, with anything between: nothing is left, a second later in most cases`, async () => {
    const killed = await killClients({
      root: join(dirname(require.resolve('memcage')), '..'),
      kills: KILLS,
      lines: 2,
      minutes: patience(3),
      mostMs: patience(1000),
      longestMs: patience(20_000),
      random: random(seedOf()),
      npxEvery: 8,
    });
    expect(killed.filter(({ left }) => left.length > 0)).toEqual([]);
    // What still starts has to come so far that it looks for its client. That and the rest wait for a busy machine.
    const late = killed.filter((each) => each.isRunning && each.late.length > 0);
    expect(late.length).toBeLessThan(KILLS / 4);
    expect(killed.filter(({ isRunning }) => isRunning).length).toBeGreaterThanOrEqual(KILLS / 4);
  });
});
