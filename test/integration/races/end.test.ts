import { files, version } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import {
  file,
  inOrder,
  mark,
  meanwhile,
  onceDead,
  REAPED,
  REMOVES,
  removals,
  SIGNALS,
  WATCHED,
} from '../../support/races/rules';
import { testRows } from '../../support/rows';

/** kill() of a child that has ended says what Node says, and the signal hits nobody else. */
const ENDED = { result: { sent: true, exitCode: 0, signal: null } };

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'kill() comes when the child is dead, and not reaped',
    { operation: 'signalled', rules: [onceDead(SIGNALS), inOrder(SIGNALS, REAPED)], first: ENDED },
  ],
  [
    'kill() comes when the child is reaped, and its pid may be another process’s',
    { operation: 'signalled', rules: [inOrder(REAPED, SIGNALS)], first: ENDED },
  ],
  [
    'kill() comes when the cage is removed, and Node has not heard of the end',
    { operation: 'signalled', rules: [inOrder(REMOVES, SIGNALS)], first: ENDED },
  ],
  ['kill() comes before the end', { operation: 'killed', rules: [inOrder(SIGNALS, REAPED)] }],
  [
    'an abort comes when the child is dead, and not reaped',
    { operation: 'late', rules: [onceDead(mark('spawned')), inOrder(SIGNALS, REAPED)] },
  ],
  ['an abort comes when the cage is removed', { operation: 'late', rules: [inOrder(REMOVES, mark('spawned'))] }],
  ['an abort ends the child', { operation: 'aborted', rules: [inOrder(SIGNALS, REAPED)] }],
  [
    'the cage is removed before the first of the output is read: nothing of it is lost',
    { operation: 'plain', rules: [inOrder(REMOVES, 'parent read 1:^socket')] },
  ],
  [
    'the output has ended before the child is reaped',
    { operation: 'closes', rules: [inOrder(mark('output'), REAPED)] },
  ],
  ['the input has ended before the child is reaped', { operation: 'told', rules: [inOrder(mark('told'), REAPED)] }],
  [
    'Node’s own child is reaped after memcage’s: each has its own status',
    { operation: 'both', uncaged: true, rules: [inOrder(REAPED, 'parent wait4 1')] },
  ],
  [
    'Node’s own child is dead when memcage’s is reaped',
    { operation: 'both', uncaged: true, rules: [onceDead(mark('spawned'), 2)] },
  ],
  ['the watcher hears of two ends at once', { operation: 'both', uncaged: true, rules: [onceDead(WATCHED)] }],
];

/** What the watcher reads after the end: whether the kernel has killed, the limits, the peak. */
const FILES =
  version === 1 ? ['memory.oom_control', files.limit, files.peak] : [files.limit, files.peak, 'memory.swap.max'];
/**
 * On v1 it asks besides whether an OOM is told, and looks for cgroups of the child's; on v2 the count of kills is in a file that it has
 * open. Then it removes the cage.
 */
const STEPS = [
  ...(version === 2 ? ['watcher pread64 1:/1/memory\\.events$'] : []),
  ...FILES.map((name) => `watcher openat2 1:${file(name)}`),
  ...(version === 1 ? ['watcher poll 1', 'watcher newfstatat 1:^1$'] : []),
  ...removals('watcher', '1'),
];

describeRaces('an end', (races) => {
  test.each(ROWS)('%s', (_, race) => races.force(race));

  // Some programs remove empty cgroups.
  testRows('is told when somebody removes the cage meanwhile', drawn(STEPS, 3), async (point) => {
    const first = {
      result: { exitCode: 0, signal: null, text: expect.stringMatching(/^\d+\n$/), limitBytes: 64 << 20 },
    };
    const { said } = await races.force({ operation: 'plain', rules: [meanwhile(point, 'remove 1 memory')], first });
    expect(said?.first.result).not.toHaveProperty('oom', expect.anything());
  });

  testRows('takes with it who joins the cage meanwhile', drawn(STEPS, 3), (point) =>
    races.force({ operation: 'plain', rules: [meanwhile(point, 'join 1')] }),
  );

  testRows('takes with it a cgroup that is made in the cage meanwhile', drawn(STEPS, 3), (point) =>
    races.force({ operation: 'plain', rules: [meanwhile(point, 'nest 1 nested')], losesCount: true }),
  );
});
