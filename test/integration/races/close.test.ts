import { version } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import {
  inOrder,
  KILLS,
  mark,
  meanwhile,
  onceDead,
  REAPED,
  REMOVES,
  removals,
  removed,
} from '../../support/races/rules';
import { testRows } from '../../support/rows';

/** It had ended by itself. */
const BY_ITSELF = { result: { exitCode: 0, signal: null } };
const LEAF_REMOVED = removed('watcher', 'leaf-1');

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'close() kills when the child is dead, and not reaped: it was not killed',
    { operation: 'closing', rules: [onceDead(KILLS), inOrder(KILLS, REAPED)], first: BY_ITSELF },
  ],
  [
    'close() kills when the child is reaped, and its clean-up is on its way',
    { operation: 'closing', rules: [inOrder(REAPED, KILLS)], first: BY_ITSELF },
  ],
  [
    'close() kills when the leaf is removed, and Node has not heard of the end',
    { operation: 'closing', rules: [inOrder(LEAF_REMOVED, KILLS)], first: BY_ITSELF },
  ],
  [
    'close() is called when the leaf is removed',
    { operation: 'closing', rules: [inOrder(LEAF_REMOVED, mark('spawned'))], first: BY_ITSELF },
  ],
  ['close() kills the child, which then is reaped', { operation: 'close', rules: [inOrder(KILLS, REAPED)] }],
  [
    'a thread is terminated before the end of its child is told',
    { operation: 'worker', rules: [`hold ${mark('told')} ${REAPED}`, inOrder(mark('terminating'), REAPED)] },
  ],
  [
    'a thread is terminated while the end of its child is on its way',
    {
      operation: 'worker',
      rules: [inOrder(REAPED, mark('told')), inOrder(mark('terminating'), REMOVES)],
    },
  ],
  [
    'a thread is terminated when the cage of its child is removed',
    { operation: 'worker', rules: [inOrder(REMOVES, mark('told'))] },
  ],
];

/** Steps of close(): it has killed, and removes the leaf and the cage. */
const REMOVALS = removals('parent', '1');
const STEPS = ['parent close 1:/cgroup\\.kill$', ...removals('parent', 'leaf-1'), ...REMOVALS];

/** On v2 no process can join a cgroup that gives controllers to those below it. */
const JOIN = version === 1 ? 'join 1' : 'nest 1 nested && join nested';

describeRaces('a close', (races) => {
  test.each(ROWS)('%s', (_, race) => races.force(race));

  testRows('takes with it who joins the cage after the kill', drawn(STEPS, 2), (point) =>
    races.force({ operation: 'close', rules: [meanwhile(point, JOIN)] }),
  );

  testRows('takes with it a cgroup that is made in the cage after the kill', drawn(STEPS, 2), (point) =>
    races.force({ operation: 'close', rules: [meanwhile(point, 'nest 1 nested')], losesCount: true }),
  );

  testRows('is done when somebody removes the cage first', REMOVALS, (point) =>
    races.force({ operation: 'close', rules: [meanwhile(point, 'remove 1 memory')] }),
  );
});
