import { setTimeout as sleep } from 'node:timers/promises';
import { run } from 'memcage';
import { openCages } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft, removeOwners } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

/** Longer than memcage waits before it makes a cage ahead. */
const AHEAD_MS = patience(60);

describeIf('cgroup', 'an owner that has ended', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('makes no cage ahead in a directory that has got the fd of its own', async () => {
    // Starts that far apart are no series, so the next cage is made a moment later.
    await run('true', { memory: '8M' });
    await sleep(AHEAD_MS);
    await run('true', { memory: '8M' });
    removeOwners();
    // It gets the lowest free fds: those of the previous cage root.
    await run('true', { memory: '16M' });
    await sleep(AHEAD_MS);
    expect(openCages()).toEqual([]);
  });
});
