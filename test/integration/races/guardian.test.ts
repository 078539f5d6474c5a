import { describeRaces } from '../../support/races/describe-races';
import { inOrder, mark } from '../../support/races/rules';

/** Of the main thread's cage root, in the memory hierarchy. */
const MAKES = 'parent mkdirat 1:^memcage-';
const MADE = 'parent openat2 1:^memcage-';
const HEARS = 'guardian recvmsg 1';
/** Its first step when the parent is dead. */
const BEGINS = 'guardian openat 1';
const JOINS = 'child write 1:/tasks$';
const EXECUTES = 'child execve 2';

const dead = (point: string): string => `hold ${point} end parent 1`;

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
    'before its child joins a cage that the guardian has removed',
    [`kill parent ${JOINS}`, `hold ${JOINS} after guardian unlinkat 1:^memcage-`],
  ],
  [
    'before its child joins, while the guardian is at work',
    [`kill parent ${JOINS}`, `hold guardian unlinkat 1 after ${JOINS}`],
  ],
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
  test.each(ROWS)('%s: nothing is left, and no program runs outside', async (_, rules) => {
    const { executions } = await races.forceKilled({ operation: 'first', rules });
    const outside = executions.filter(
      ({ program, cgroups }) =>
        !program.includes('memcage-exec') && !cgroups.some((line) => /memory:.*memcage-/.test(line)),
    );
    expect(outside).toEqual([]);
  });
});

const REGISTERS = 'parent sendmsg 1:^socket';

const LEAVING: readonly (readonly [string, readonly string[]])[] = [
  ['has left', [`hold ${mark('making')} end guardian 1`]],
  [
    'seemed to be there, and takes no more messages',
    ['hold guardian shutdown 1 after parent recvfrom 1:^socket', inOrder('guardian shutdown 1', REGISTERS)],
  ],
  ['is about to leave, and still takes messages', [inOrder(REGISTERS, 'guardian shutdown 1')]],
];

describeRaces('a guardian that a process has dismissed', (races) => {
  test.each(LEAVING)('%s when a thread makes its first cage: nothing is left', async (_, rules) => {
    const run = await races.operate('leaving', { rules, open: true });
    expect(run).toMatchObject({ status: 0, hung: [], left: [], remains: [], released: rules.length, late: 0 });
  });
});
