import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import { inOrder, mark, meanwhile, REAPED } from '../../support/races/rules';

const READY = mark('ready');
const ASKED = mark('asked');
const KILLED = {
  error: {
    code: 'ERR_MEMCAGE_EXIT',
    message: expect.stringContaining('was ended by SIGKILL before it answered') as unknown,
  },
};

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'is asked when it is dead, and not reaped',
    {
      operation: 'handed',
      rules: [meanwhile(READY, 'kill_children'), inOrder(ASKED, REAPED)],
      first: KILLED,
    },
  ],
  [
    'is asked when it is reaped, and Node has not heard of it',
    {
      operation: 'handed',
      rules: [meanwhile(READY, 'kill_children'), inOrder(REAPED, READY)],
      first: KILLED,
    },
  ],
  [
    'dies before it reads what it is asked',
    {
      operation: 'handed',
      rules: [meanwhile(READY, 'stop_children'), meanwhile(ASKED, 'kill_children')],
      first: KILLED,
    },
  ],
  [
    'ends when it has answered, and is reaped before the answer is read',
    { operation: 'lastWord', rules: [inOrder(REAPED, ASKED)] },
  ],
];

describeRaces('a child of a warm pool', (races) => {
  test.each(ROWS)('%s', (_, race) => races.force(race));
});
