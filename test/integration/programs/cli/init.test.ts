import { runCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { processesThatAre, stateOf } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

describeIf('cgroup', 'memcage init', () => {
  test('without a command: wrong usage', async () => {
    const { code, stderr } = await runCli(['init']);
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: 'memcage: init needs a command, as in: memcage init -- node server.js (see memcage init --help)\n',
    });
  });

  test('options after the command are its own', async () => {
    expect(await runCli(['init', 'echo', '--version', '-h'])).toMatchObject({ code: 0, stdout: '--version -h\n' });
  });

  test('the command has the standard input', async () => {
    expect(await runCli(['init', '--', 'cat'], { input: 'text' })).toMatchObject({ code: 0, stdout: 'text' });
  });
});

describeIf(['v1', 'root', 'terminal'], 'memcage init in a terminal', () => {
  let session: TerminalSession;
  afterEach(() => session.close());

  test('the command is in the foreground, and Ctrl-C reaches it once', async () => {
    const script =
      'trap "echo caught; count=x$count" INT; read -r line </dev/null; echo ready; ' +
      'until [ -n "$count" ]; do sleep 0.05; done; sleep 0.3; echo "count $count"; exit 5';
    session = TerminalSession.memcage(['init', '--', 'sh', '-c', script]);
    await session.shows('ready');
    session.press('\x03');
    await session.shows('count x');
    expect(await session.end()).toMatchObject({ code: 5, restored: true });
    expect(session.raw.match(/caught/g)).toHaveLength(1);
  });

  test('a shell as the command has job control', async () => {
    session = TerminalSession.memcage(['init', '--', 'bash', '--norc', '-i']);
    await session.shows('bash-');
    const sleep = `sleep ${mark()}`;
    session.press(`${sleep}\r`);
    const is = (state: string) => () => stateOf(processesThatAre(sleep)[0] ?? 0) === state;
    await until('it sleeps', is('S'));
    session.press('\x1a');
    await until('it is stopped', is('T'));
    session.press('fg\r');
    await until('it goes on', is('S'));
    session.press('\x03');
    await until('it has ended', () => processesThatAre(sleep).length === 0);
    session.press('exit 6\r');
    expect(await session.end()).toMatchObject({ code: 6 });
  });
});
