import { describeRaces } from '../../support/races/describe-races';
import { meanwhile, WATCHED } from '../../support/races/rules';
import { testRows } from '../../support/rows';

/** Who is to be the init holds signals back, forks the program, and waits. */
const STEPS = [
  ...['rt_sigprocmask 1', 'rt_sigprocmask 2', 'clone 1'].map((call) => `launcher ${call}`),
  ...['rt_sigprocmask 1', 'wait4 1'].map((call) => `init ${call}`),
];
/** Its parent is the init. */
const PROGRAM = 'launcher execve 1:/sleep$';

describeRaces('an init', (races) => {
  // Pid 1 ignores what it has no handler for, and a signal that comes before the init can pass it on must not be lost.
  testRows('passes on a signal that comes before it waits', STEPS, (point) =>
    races.force({ operation: 'waits', alone: 'stopped', rules: [meanwhile(point, 'kill -TERM "$CALLER"')] }),
  );

  test('passes on a signal that comes before the program has begun', () =>
    races.force({
      operation: 'waits',
      alone: 'stopped',
      rules: [meanwhile(PROGRAM, `kill -TERM "$(sed -n 's/^PPid:.//p' "/proc/$CALLER/status")"`)],
    }));

  test('passes on a signal that comes before its parent watches it', () =>
    races.force({
      operation: 'waits',
      alone: 'stopped',
      rules: [meanwhile(WATCHED, 'kill -TERM $(cat "/proc/$CALLER/task/$CALLER/children")')],
    }));

  test('passes on a signal of its parent’s, which comes when the program runs', () =>
    races.force({ operation: 'init', rules: [`hold parent pidfd_send_signal 1 ${PROGRAM}`] }));
});
