import { version } from '../../support/cgroups/cgroup-tree';
import { describeRaces } from '../../support/races/describe-races';
import { inOrder, JOINS, mark } from '../../support/races/rules';

/** Of the main thread's cage root, in the memory hierarchy. */
const MAKES = 'parent mkdirat 1:^memcage-[0-9]';
const MADE = 'parent openat2 1:^memcage-[0-9]';
/** Of that. On v2 it hears before of the cgroup to which its parent goes. */
const HEARS = version === 1 ? 'guardian recvmsg 1' : 'guardian recvmsg 2';
/** In the hierarchy with the memory controller. The place's own name begins like that of a cage root, without a pid. */
const IN_CAGE_ROOT = version === 1 ? /^\d+:([^:]*,)?memory(,[^:]*)?:.*\/memcage-\d+-/ : /^0::.*\/memcage-\d+-/;
/** Its first step when the parent is dead. */
const BEGINS = 'guardian ioctl 1';
const EXECUTES = 'child execve 2';

const dead = (point: string): string => `hold ${point} end parent 1`;

/** On v1 the child joins its cage itself. On v2 it is born there. */
const JOINING: readonly (readonly [string, readonly string[]])[] = [
  [
    'before its child joins a cage that the guardian has removed',
    [`kill parent ${JOINS}`, `hold ${JOINS} after guardian unlinkat 1:^memcage-`],
  ],
  [
    'before its child joins, while the guardian is at work',
    [`kill parent ${JOINS}`, `hold guardian unlinkat 1 after ${JOINS}`],
  ],
];

const ROWS: readonly (readonly [string, readonly string[]])[] = [
  [
    'before it has made what it has registered, and the guardian reads that afterwards',
    [`kill parent ${MAKES}`, dead(HEARS)],
  ],
  ['when it has made that, and the guardian reads of it afterwards', [`kill parent ${MADE}`, dead(HEARS)]],
  [
    'when it has made that, and the guardian knows of it before',
    [`kill parent ${MADE}`, `hold ${MAKES} after ${HEARS}`],
  ],
  ['while it waits for the guardian’s answer', ['kill parent parent poll 1', dead('guardian sendto 1')]],
  ['when the guardian has answered', ['kill parent parent recvfrom 1']],
  [
    'when its child runs its program, before the guardian begins',
    [`kill parent ${EXECUTES}`, `hold ${BEGINS} after ${EXECUTES}`],
  ],
  [
    'before its child runs its program, when the guardian has begun',
    [`kill parent ${EXECUTES}`, `hold ${EXECUTES} after ${BEGINS}`],
  ],
];

describeRaces('a parent that is killed', (races) => {
  test.each([...ROWS, ...(version === 1 ? JOINING : [])])(
    '%s: nothing is left, and no program runs outside',
    async (_, rules) => {
      const { executions } = await races.forceKilled({ operation: 'first', rules });
      const outside = executions.filter(
        ({ program, cgroups }) => !program.includes('memcage-exec') && !cgroups.some((line) => IN_CAGE_ROOT.test(line)),
      );
      expect(outside).toEqual([]);
    },
  );
});

const REGISTERS = 'parent sendmsg 1:^socket';

/** The thread begins when the guardian has heard that it is dismissed. */
const HEARD = `hold ${mark('making')} guardian shutdown 1`;

const LEAVING: readonly (readonly [string, readonly string[]])[] = [
  ['has left', [`hold ${mark('making')} end guardian 1`]],
  [
    'seemed to be there, and takes no more messages',
    [HEARD, 'hold guardian shutdown 1 after parent recvfrom 1:^socket', inOrder('guardian shutdown 1', REGISTERS)],
  ],
  ['is about to leave, and still takes messages', [HEARD, inOrder(REGISTERS, 'guardian shutdown 1')]],
];

/** The cgroup to which the process goes is not there yet when the guardian has heard of it. */
const GOING: readonly (readonly [string, readonly string[]])[] = [
  [
    'is about to leave, and hears of what is made later',
    [HEARD, inOrder(REGISTERS, 'guardian shutdown 1'), 'hold parent mkdir 1:/memcage-self-[^/]*$ guardian poll 2'],
  ],
];

describeRaces('a guardian that a process has dismissed', (races) => {
  test.each([...LEAVING, ...(version === 2 ? GOING : [])])(
    '%s when a thread makes its first cage: nothing is left',
    async (_, rules) => {
      const run = await races.operate('leaving', { rules, open: true });
      expect(run).toMatchObject({
        status: 0,
        stderr: '',
        hung: [],
        left: [],
        remains: [],
        released: rules.length,
        late: 0,
      });
    },
  );
});
