import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { members, mountPoint, openCages } from '../../../support/cgroups/cgroup-tree';
import { type Cli, startCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { isAlive, isPending } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

/**
 * Reports each signal. It is not a shell: in a guest, bash 5.2 lost about one Ctrl-C in a hundred, even without
 * memcage, when it came while a child of its loop ended.
 */
const TALKER = `
import os, signal, sys
for name, number in (argument.split('=') for argument in sys.argv[1:]):
    signal.signal(int(number), lambda number, frame, name=name: os.write(1, f'got {name}\\n'.encode()))
os.write(1, b'ready\\n')
while True:
    signal.pause()
`;

function talker(...names: readonly NodeJS.Signals[]): readonly string[] {
  return ['python3', '-c', TALKER, ...names.map((name) => `${name}=${constants.signals[name]}`)];
}

const FORWARDED = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGCONT',
  'SIGWINCH',
] as const;

describeIf('cgroup', 'signals', () => {
  const started: Cli[] = [];
  const start = async (args: readonly string[]): Promise<Cli> => {
    const cli = startCli(args);
    started.push(cli);
    await until('the command is ready', () => cli.stdout().includes('ready'));
    return cli;
  };
  afterEach(async () => {
    for (const cli of started.splice(0)) {
      cli.process.kill('SIGTERM');
      cli.process.kill('SIGTERM');
      await until('the end', () => {
        cli.process.kill('SIGTERM');
        return !isAlive(cli.pid);
      });
      expect((await cli.end).left).toEqual([]);
    }
  });

  test(
    'are forwarded, each once',
    async () => {
      const cli = await start(['run', '-m', '50M', ...talker(...FORWARDED)]);
      for (const name of FORWARDED) {
        cli.process.kill(name);
        await until(`the command says ${name}`, () => cli.stdout().includes(`got ${name}\n`));
      }
      await sleep(patience(100));
      expect(cli.stdout()).toBe(['ready', ...FORWARDED.map((name) => `got ${name}`), ''].join('\n'));
      expect(cli.stderr()).toBe('');
    },
    patience(30_000),
  );

  testRows('end a command that does not handle them', ['SIGTERM', 'SIGINT', 'SIGHUP'] as const, async (name) => {
    const cli = await start(['run', '-m', '50M', 'sh', '-c', 'echo ready; exec sleep 60']);
    cli.process.kill(name);
    expect(await cli.end).toMatchObject({ code: 128 + constants.signals[name], signal: null, stderr: '', left: [] });
  });

  test('the third SIGTERM kills a pid 1 that ignores it', async () => {
    const cli = await start(['run', '-m', '50M', '--pid', '--mount', 'sh', '-c', 'echo ready; sleep 60; :']);
    const [cage] = openCages(cli.pid).filter((path) => path.startsWith(mountPoint('memory')));
    for (let count = 1; count <= 2; count += 1) {
      cli.process.kill('SIGTERM');
      // Else the next one would be the same to the kernel.
      await until('it is taken', () => !isPending(cli.pid, constants.signals.SIGTERM));
    }
    await sleep(patience(300));
    expect(members(cage ?? '')).toHaveLength(2);
    cli.process.kill('SIGTERM');
    expect(await cli.end).toMatchObject({ code: 137, stderr: '', left: [] });
  });

  test('SIGHUP does not count', async () => {
    const cli = await start(['run', '-m', '50M', ...talker('SIGHUP', 'SIGTERM')]);
    for (let count = 1; count <= 4; count += 1) {
      cli.process.kill('SIGHUP');
      await until(`${count} times`, () => cli.stdout().split('got SIGHUP').length > count);
    }
    cli.process.kill('SIGTERM');
    await until('SIGTERM arrives', () => cli.stdout().includes('got SIGTERM'));
  });

  test('when memcage is killed, the command is killed with it', async () => {
    const cli = await start(['run', '-m', '50M', 'sh', '-c', 'echo ready $$; exec sleep 60']);
    const pid = Number(/ready (\d+)/.exec(cli.stdout())?.[1]);
    expect(isAlive(pid)).toBe(true);
    cli.process.kill('SIGKILL');
    expect(await cli.end).toMatchObject({ code: null, signal: 'SIGKILL' });
    await until('it is gone', () => !isAlive(pid));
    // The next memcage removes its cage.
    await startCli(['run', 'true']).end;
    started.splice(0);
    await until('its cage is gone', () => openCages(cli.pid).length === 0);
  });

  test('Ctrl-C in a terminal, which goes to both: the command gets it once', async () => {
    // stdin is not a terminal, as in a pipeline. Only the process group shows that there is one.
    const terminal = startInTerminal('sleep 60 | { echo group; exec "$@"; }', [
      process.execPath,
      join(__dirname, '../../../../dist/cli.js'),
      ...['run', '-m', '50M', '--', ...talker('SIGINT')],
    ]);
    try {
      await until('the command is ready', () => terminal.stdout().includes('ready'));
      const count = (): number => terminal.stdout().split('got SIGINT').length - 1;
      terminal.write('\x03');
      await until('Ctrl-C arrives', () => count() > 0);
      await sleep(patience(300));
      expect(count()).toBe(1);
    } finally {
      await terminal.close();
    }
  });
});

interface Terminal {
  write(keys: string): void;
  stdout(): string;
  close(): Promise<void>;
}

/**
 * Python's pty module makes the terminal; building the addon needs Python anyway. The arguments are the script's "$@".
 */
function startInTerminal(script: string, args: readonly string[]): Terminal {
  const python = 'import pty, sys; pty.spawn(["bash", "-c", *sys.argv[1:]])';
  const child = spawn('python3', ['-c', python, script, 'bash', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const closed = once(child, 'close');
  return {
    write: (keys) => child.stdin.write(keys),
    stdout: () => text,
    async close() {
      // Hangs up the terminal.
      child.kill('SIGKILL');
      await closed;
    },
  };
}
