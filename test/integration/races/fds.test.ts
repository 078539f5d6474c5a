import { describeRaces } from '../../support/races/describe-races';
import { meanwhile } from '../../support/races/rules';
import { testRows } from '../../support/rows';

/** After each call that makes an fd comes one of these, soon. */
const CALLS = ['close', 'epoll_ctl', 'clone3'];
/** Without prepare(): the guardian, a cage root and a cage; a gate; an init. */
const OPERATIONS = ['first', 'gated', 'init'];

describeRaces('an fd of memcage', (races) => {
  // Another thread may start a program at any time: an fd that is marked a moment later is in that program for ever, such as the
  // end of a pipe, which then never closes.
  testRows(
    'is never open to a program that another thread starts',
    OPERATIONS,
    async (operation) => {
      const rules = CALLS.map((call) => meanwhile(`parent ${call} 0`, 'closes_on_exec'));
      const { ran, late, stderr, said } = await races.operate(operation, { rules });
      expect([said?.first.error, ran.filter((status) => status !== 0), stderr, late]).toEqual([undefined, [], '', 0]);
      expect(ran.length).toBeGreaterThan(10);
    },
    { limitMs: 120_000 },
  );

  test('that is inherited is seen', async () => {
    const rules = [meanwhile('parent mkdirat 1', 'closes_on_exec')];
    const { ran, stderr } = await races.operate('inherited', { rules });
    expect([ran, stderr]).toEqual([[1], '/dev/zero\n']);
  });
});
