import { version } from '../../support/cgroups/cgroup-tree';
import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import {
  CLONES,
  EXECUTES,
  inOrder,
  JOINS,
  mark,
  meanwhile,
  onceDead,
  REAPED,
  WATCHED,
} from '../../support/races/rules';

const KILLED = { result: { signal: 'SIGKILL', exitCode: null, text: '' } };
const FROZEN = { error: { code: 'ERR_MEMCAGE_FROZEN' } };
const FREEZE = 'put 1 cgroup.freeze 1';

/** On v1 the child joins its cage itself, and the cgroup for its kill is another one. On v2 it is born there. */
const JOINING: readonly (readonly [string, Race])[] = [
  [
    'the child is killed before it joins its cage: that is no failed start, and no OOM',
    { operation: 'plain', rules: [meanwhile(JOINS, 'kill -KILL "$CALLER"')], first: KILLED },
  ],
  [
    'somebody removes the cage before the child joins it: it is made again, and the child never runs outside',
    { operation: 'plain', rules: [meanwhile(JOINS, 'remove 1 memory')] },
  ],
  [
    'somebody removes the kill cgroup before the clone',
    { operation: 'plain', rules: [meanwhile(CLONES, 'remove 1 unified')] },
  ],
];

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'the child is dead before its parent can watch it: its end is told all the same',
    { operation: 'plain', rules: [onceDead(WATCHED)] },
  ],
  ['the child ends once its parent watches it', { operation: 'told', rules: [inOrder(mark('spawned'), REAPED)] }],
  ['spawnSync waits for a child that is dead', { operation: 'sync', rules: [onceDead('parent ppoll 1')] }],
  [
    'exec has failed, and the child is dead before its parent reaps it',
    { operation: 'missing', rules: [onceDead('parent waitid 1')] },
  ],
  [
    'the child is killed between its cage and its program',
    { operation: 'plain', rules: [meanwhile(EXECUTES, 'kill -KILL "$CALLER"')], first: KILLED },
  ],
  [
    'the child is killed between its program and its parent',
    { operation: 'killed', rules: [meanwhile(WATCHED, 'kill_children')] },
  ],
  [
    'somebody removes the cage before the clone: it is made again',
    { operation: 'plain', rules: [meanwhile(CLONES, 'remove 1')] },
  ],
  [
    'a shared cage is frozen before the start: it is refused',
    { operation: 'shared', rules: [meanwhile('parent openat2 1:1/cgroup\\.freeze$', FREEZE)], first: FROZEN },
  ],
  [
    'a shared cage is frozen after the check: the parent does not stop with its child',
    { operation: 'shared', rules: [meanwhile(CLONES, FREEZE)], first: FROZEN },
  ],
  [
    'a shared cage is frozen and thawed after the check',
    { operation: 'shared', rules: [meanwhile(CLONES, `${FREEZE}; put 1 cgroup.freeze 0`)] },
  ],
];

describeRaces('a start', (races) => {
  test.each([...ROWS, ...(version === 1 ? JOINING : [])])('%s', (_, race) => races.force(race));
});
