import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import { AT_GATE, inOrder, mark, meanwhile, OPENS_GATE, onceDead } from '../../support/races/rules';

/** The first child has ended as it should, and the one at the gate by a signal. */
const SECOND_KILLED = { result: [{ exitCode: 0 }, { exitCode: null, signal: 'SIGKILL' }] };

const ROWS: readonly (readonly [string, Race])[] = [
  ['the gate is opened before the launcher waits at it', { operation: 'gated', rules: [inOrder(OPENS_GATE, AT_GATE)] }],
  ['the launcher waits before the gate is opened', { operation: 'gated', rules: [`hold ${OPENS_GATE} ${AT_GATE}`] }],
  [
    'the launcher is killed before its turn: it leaves the queue',
    {
      operation: 'gated',
      rules: [meanwhile(AT_GATE, 'kill -KILL "$CALLER"'), onceDead(mark('waiting'), 2)],
      first: SECOND_KILLED,
    },
  ],
  [
    'the launcher is killed while its gate is opened',
    { operation: 'gated', rules: [meanwhile(OPENS_GATE, 'kill_children')], first: SECOND_KILLED },
  ],
  [
    'the launcher is killed between its gate and its program',
    { operation: 'gated', rules: [meanwhile('launcher execve 1', 'kill -KILL "$CALLER"')], first: SECOND_KILLED },
  ],
  [
    'the budget is closed before the launcher waits at its gate',
    // It is about to wait: close() kills it, so that later it would not come there at all.
    { operation: 'shut', rules: [`hold ${mark('waiting')} ${AT_GATE}`, inOrder(mark('closing'), AT_GATE)] },
  ],
  [
    'the budget is closed while the launcher waits',
    { operation: 'shut', rules: [`hold ${mark('waiting')} ${AT_GATE}`] },
  ],
];

const KILLED: readonly (readonly [string, readonly string[]])[] = [
  ['before it waits', [`kill parent ${AT_GATE}`, `hold ${AT_GATE} end parent 1`]],
  [
    'with the gate open, before it has read that',
    ['kill parent launcher read 1:^socket', 'hold launcher read 1:^socket end parent 1'],
  ],
  ['when it has read that', ['kill parent launcher execve 1', 'hold launcher execve 1 end parent 1']],
];

describeRaces('a gate', (races) => {
  test.each(ROWS)('%s', (_, race) => races.force(race));

  test.each(KILLED)('the parent is dead for the launcher %s: nobody becomes a program', (_, rules) =>
    races.forceKilled({ operation: 'gated', rules }),
  );
});
