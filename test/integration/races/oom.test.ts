import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import {
  inOrder,
  KILLED_AT_LOOK,
  LOOKS,
  LOOKS_AGAIN,
  meanwhile,
  onceDead,
  REAPED,
  WATCHED,
} from '../../support/races/rules';

/** The cgroup had the counts. */
const UNKNOWN = { result: { signal: 'SIGKILL', oom: 'unknown', hasPeak: false } };

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'the child is killed before its parent watches it: the verdict is right, and told once',
    { operation: 'oom', rules: [onceDead(WATCHED)] },
  ],
  ['the OOM is told before the end', { operation: 'oom', rules: [...KILLED_AT_LOOK, inOrder(LOOKS, REAPED)] }],
  ['the end is told before anybody has looked at the OOM', { operation: 'oom', rules: [inOrder(REAPED, LOOKS)] }],
  [
    'a process of the child’s is killed, and that is told before the end',
    { operation: 'inner', rules: [...KILLED_AT_LOOK, inOrder(LOOKS, REAPED)] },
  ],
  [
    'a process of the child’s is killed, and the end is told first',
    { operation: 'inner', rules: [inOrder(REAPED, LOOKS)] },
  ],
  [
    'a process of the child’s is killed, and both are dead before the parent watches',
    { operation: 'inner', rules: [onceDead(WATCHED)] },
  ],
  [
    'somebody removes the cgroup of a child that was killed, before its counts are read',
    { operation: 'oom', rules: [onceDead(WATCHED), meanwhile(LOOKS, 'remove 1 memory')], first: UNKNOWN },
  ],
  [
    'somebody removes it between two looks',
    {
      operation: 'oom',
      rules: [onceDead(WATCHED), meanwhile(LOOKS_AGAIN, 'remove 1 memory')],
      first: UNKNOWN,
    },
  ],
];

describeRaces(
  'an OOM kill',
  (races) => {
    test.each(ROWS)('%s', (_, race) => races.force(race));
  },
  ['kernel-log'],
);
