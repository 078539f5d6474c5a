import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { version as cgroupVersion, makeCgroup } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { drawn } from '../../../support/drawn';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

const MAIN = join(__dirname, '../../../../dist/cli.js');

const onlyOnV1: [string, string[], string][] = [
  ['an option of the other cgroup version', ['run', '--high', '1M', 'true'], 'memcage: --high needs cgroup v2'],
  [
    'an option of the other cgroup version',
    ['run', '-m', '1M', '--oom-group', 'true'],
    'memcage: --oom-group needs cgroup v2',
  ],
];

describeIf('cgroup', 'exit codes', () => {
  testRows('that of the command', [0, 1, 42, 255], async (code) => {
    expect(await runCli(['run', '-m', '50M', 'sh', '-c', `exit ${code}`])).toEqual({
      code,
      signal: null,
      stdout: '',
      stderr: '',
      left: [],
    });
  });

  testRows('128 + N for a signal', ['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGHUP'] as const, async (name) => {
    const end = await runCli(['run', '-m', '50M', 'sh', '-c', `kill -${name.slice(3)} $$`]);
    expect(end).toMatchObject({ code: 128 + constants.signals[name], stderr: '', left: [] });
  });

  test('128 + N for a real-time signal, which has no name', async () => {
    expect(await runCli(['run', 'sh', '-c', 'kill -34 $$'])).toMatchObject({ code: 162, stderr: '', left: [] });
  });

  test('127 when the command is not there', async () => {
    expect(await runCli(['run', '-m', '50M', 'no-such-command'])).toMatchObject({
      code: 127,
      stderr: "memcage: can't run 'no-such-command': there is no such program in PATH (ENOENT)\n",
      left: [],
    });
  });

  testRows(
    '126 for what can not be run',
    [
      ['a directory', '/', 'it is a directory (EACCES)'],
      ['a file that is not executable', '/etc/passwd', 'it is not executable (EACCES). Cure: chmod +x /etc/passwd'],
      ['a path through a file', '/etc/passwd/sh', 'what its path calls a directory is none (ENOTDIR)'],
    ],
    async ([, file, why]) => {
      expect(await runCli(['run', '-m', '50M', file])).toMatchObject({
        code: 126,
        stderr: `memcage: can't run '${file}': ${why}\n`,
        left: [],
      });
    },
  );

  testRows<[string, string[], string]>(
    '125 for what memcage can not do',
    [
      ...(cgroupVersion === 1 ? onlyOnV1 : []),
      ['processors that are not there', ['run', '--cpu-set', '4095', 'true'], "memcage: --cpu-set can't be set"],
      ['a parent that does not exist', ['run', '--parent', '/no/such/cgroup', 'true'], '/no/such/cgroup'],
      [
        'a limit below which no program starts',
        ['run', '-m', '10K', 'true'],
        'is too small for a program to be started in it. Cure: 1M is enough',
      ],
      ['too few processes for Node', ['run', '--pids', '2', 'node', '-p', '1'], '. Cure: --pids 6, or more for what'],
    ],
    async ([, args, text]) => {
      const end = await runCli(args);
      expect(end).toMatchObject({ code: 125, stdout: '', left: [] });
      expect(end.stderr).toContain(text);
      expect(end.stderr).toMatch(/^memcage: [^\n]*\n$/);
    },
  );
});

describe('wrong usage: 125, one line with where there is help', () => {
  testRows(
    'of each kind',
    [
      ['an unknown command', ['start']],
      ['an option before the command', ['-m', '1M', 'run', 'true']],
      ['an unknown option', ['run', '--no-such-option', 'true']],
      ['an unknown short option', ['run', '-x', 'true']],
      ['an option without its value', ['run', '-m']],
      ['a value for an option that takes none', ['run', '--uts=1', 'true']],
      ['nothing to run', ['run', '-m', '1M']],
      ['nothing to run after --', ['run', '-m', '1M', '--']],
    ],
    async ([, args]) => {
      const end = await runCli(args);
      expect(end).toMatchObject({ code: 125, stdout: '', left: [] });
      expect(end.stderr).toMatch(/^memcage: [^\n]+ \(see memcage( run)? --help\)\n$/);
    },
  );

  testRows<[args: string[], line: string]>(
    'with what was likely meant',
    [
      [['rnu', 'true'], "Unknown command 'rnu': did you mean 'run'?"],
      [['version'], "Unknown command 'version': did you mean '--version'?"],
      [['-v'], "Unknown command '-v': did you mean '--version'?"],
      [['lst'], "Unknown command 'lst': did you mean 'ls'?"],
      [['gcc', 'a.c'], "Unknown command 'gcc'. To run a program in a cage: memcage run gcc a.c"],
      [['node', 'my app.js'], "Unknown command 'node'. To run a program in a cage: memcage run node 'my app.js'"],
      [['-m', '50M', 'node'], "Unknown command '-m'. To run a program in a cage: memcage run -m 50M node"],
      [['run', '--memroy', '10M', 'true'], "Unknown option '--memroy' of run: did you mean '--memory'?"],
    ],
    async ([args, line]) => {
      expect((await runCli(args)).stderr).toMatch(new RegExp(`^memcage: ${line.replaceAll('?', '\\?')} \\(see `));
    },
  );
});

describeIf('cgroup', 'a wrong value is wrong usage, told by the name of its option', () => {
  testRows(
    'of each option',
    drawn<[string, string[]]>(
      [
        ['--memory', ['run', '-m', '1.5', 'true']],
        ['--memory', ['run', '-m', '1000', 'true']],
        ['--swap', ['run', '-m', '50M', '--swap', '12Q', 'true']],
        ['--high', ['run', '-m', '50M', '--high', '', 'true']],
        ['--node-heap', ['run', '--node-heap', '12Q', 'true']],
        ['--hostname', ['run', '--hostname', 'x'.repeat(65), 'true']],
        ['--pids', ['run', '--pids', '0', 'true']],
        ['--cpu', ['run', '--cpu', 'all', 'true']],
        ['--cpu-weight', ['run', '--cpu-weight', '1.5', 'true']],
        ['--cpu-set', ['run', '--cpu-set', '3-1', 'true']],
        ['--cpu-time', ['run', '--cpu-time', '5 s', 'true']],
        ['--cpu-time', ['run', '--cpu-time', '0', 'true']],
        ['--swap-high', ['run', '--swap-high', '12Q', 'true']],
        ['--swappiness', ['run', '--swappiness', '-1', 'true']],
        ['--enforce', ['run', '--enforce', 'perhaps', 'true']],
        ['--timeout', ['run', '--timeout', '1d', 'true']],
        ['--kill-signal', ['run', '--timeout', '1s', '--kill-signal', 'SIGNONE', 'true']],
        ['--uid', ['run', '--uid', 'root', 'true']],
        ['--interval', ['top', '--interval', '1ms']],
        ['--pressure', ['events', '--pressure', 'some:3s/2s']],
        ['--stall', ['run', '--stall', '499ms', 'true']],
        ['--stall', ['run', '--stall', '10s:tell', 'true']],
        ['--stall', ['run', '--stall', ':event', 'true']],
        ['--rlimit', ['run', '--rlimit', 'nofile', 'true']],
        ['--rlimit', ['run', '--rlimit', 'nofiles=1', 'true']],
        ['--rlimit', ['run', '--rlimit', 'nofile=1M', 'true']],
        ['--rlimit', ['run', '--rlimit', 'nofile=2:1', 'true']],
        ['--rlimit', ['run', '--rlimit', `cpu=${'9'.repeat(400)}`, 'true']],
        ['--rlimit', ['run', '--rlimit', `cpu=1:${'9'.repeat(400)}`, 'true']],
        ['--rlimit', ['run', '--rlimit', 'fsize=9007199254740993', 'true']],
        ['--rlimit', ['run', '--rlimit', 'cpu=1', '--rlimit', 'cpu=2', 'true']],
        ['--oom-score-adj', ['run', '--oom-score-adj', 'x', 'true']],
        ['--oom-score-adj', ['run', '--oom-score-adj', '1001', 'true']],
        ['--nice', ['run', '--nice', '20', 'true']],
        ['--nice', ['run', '--nice', '-21', 'true']],
        ['--oom-score-adj', ['run', '--oom-score-adj', '-1001', 'true']],
        ['--capabilities', ['run', '--capabilities', 'nonsense', 'true']],
        ['--seccomp', ['run', '--seccomp', '/dev/null', 'true']],
        ['--seccomp', ['run', '--seccomp', '/no/such/file', 'true']],
        ['--memory', ['limit', '/no/such/cgroup', '--memory', '12Q']],
        ['--low', ['limit', '/no/such/cgroup', '--low', '12Q']],
        ['--threshold', ['events', '--threshold', '12Q']],
      ],
      12,
    ),
    async ([name, args]) => {
      const end = await runCli(args);
      expect(end).toMatchObject({ code: 125, stdout: '', left: [] });
      expect(end.stderr).toMatch(
        new RegExp(`^memcage: [^\n]*${name}[ ,][^\n]* \\(see memcage ${args[0]} --help\\)\n$`),
      );
    },
  );
});

describeIf('v1', 'swap without a limit', () => {
  test('is wrong usage of run', async () => {
    const end = await runCli(['run', '--swap', '1M', 'true']);
    expect(end).toMatchObject({ code: 125, left: [] });
    expect(end.stderr).toMatch(/^memcage: --swap needs --memory on cgroup v1, .* \(see memcage run --help\)\n$/);
  });

  describeIf('swap-accounting', 'of a cgroup', () => {
    test('is wrong usage of limit', async () => {
      const group = makeCgroup();
      try {
        const end = await runCli(['limit', group.path, '--swap', '1M']);
        expect(end.code).toBe(125);
        expect(end.stderr).toMatch(/^memcage: --swap needs --memory on cgroup v1, .* \(see memcage limit --help\)\n$/);
      } finally {
        group.remove();
      }
    });
  });
});

describe('help and version', () => {
  testRows(
    'the help, in each way to ask for it',
    [
      [[], 'COMMAND'],
      [['--help'], 'COMMAND'],
      [['-h'], 'COMMAND'],
      [['help'], 'COMMAND'],
      [['run', '--help'], 'run'],
      [['run', '-m', '1M', '-h'], 'run'],
      [['help', 'run'], 'run'],
      [['limit', '-h'], 'limit'],
    ],
    async ([args, name]) => {
      const end = await runCli(args);
      expect(end).toMatchObject({ code: 0, stderr: '' });
      expect(end.stdout.startsWith(`Usage: memcage ${name} [OPTION]...`)).toBe(true);
    },
  );

  test.each([[['--version']], [['run', '--version']]])('%j', async (args) => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(await runCli(args)).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('options of the command are its own', async () => {
    expect((await runCli(['run', 'true', '--help'])).stdout).toMatch(/^Usage: (\S*\/)?true/);
  });
});

test('141 when nobody reads the output', async () => {
  const cli = `'${process.execPath}' '${MAIN}'`;
  // The reader is gone before the first byte is written.
  const script = `set -o pipefail; (read -r _ < "$1"; exec ${cli} --help) | { exec <&-; echo > "$1"; }; echo "\${PIPESTATUS[0]}"`;
  const directory = mkdtempSync(join(tmpdir(), 'memcage-pipe-'));
  try {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', pipe], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '141\n', stderr: '' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

testRows(
  '125 and one line when the output can not be written',
  [['stat', '--help'], ['ls', '--json'], ['help']],
  ([...args]) => {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({
        status: 125,
        stderr: expect.stringMatching(/^memcage: can't write to stdout: ENOSPC[^\n]*\n$/) as string,
      });
    } finally {
      closeSync(full);
    }
  },
);

describeIf('cgroup', 'a report that can not be written', () => {
  const CANT = "memcage: can't write '/dev/full': ENOSPC";

  test.each([
    [3, 3],
    [0, 125],
  ])('a command that ends with %i: %i, and the rest is told', async (code, expected) => {
    const end = await runCli(['run', '-m', '50M', '--outcome', '/dev/full', '--summary', 'sh', '-c', `exit ${code}`]);
    expect(end).toMatchObject({ code: expected, left: [] });
    expect(end.stderr).toContain(CANT);
    expect(end.stderr).toContain(`exit status  Exit code ${code}\n`);
  });

  test('the picture', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-full-'));
    const file = join(directory, 'full.svg');
    symlinkSync('/dev/full', file);
    try {
      const end = await runCli(['run', '--chart', file, '--summary', 'sh', '-c', 'exit 3']);
      expect(end).toMatchObject({ code: 3, left: [] });
      expect(end.stderr).toContain(`memcage: can't write '${file}': ENOSPC`);
      expect(end.stderr).toContain('exit status  Exit code 3\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('in a directory that the command removes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-full-'));
    const file = join(directory, 'gone.svg');
    const end = await runCli(['run', '--chart', file, 'rm', '-r', directory]);
    expect(end).toMatchObject({
      code: 125,
      stderr: `memcage: can't write '${file}': it was removed while the command ran\n`,
    });
  });

  test('a command that was not found stays so', async () => {
    const end = await runCli(['run', '--outcome', '/dev/full', 'no-such-command']);
    expect(end).toMatchObject({ code: 127, left: [] });
    expect(end.stderr).toContain(CANT);
  });

  test('stderr can not be written either', () => {
    const full = openSync('/dev/full', 'w');
    try {
      const args = [MAIN, 'run', '--summary', 'sh', '-c', 'exit 3'];
      expect(spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', full] }).status).toBe(3);
    } finally {
      closeSync(full);
    }
  });
});
