import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { COMMANDS } from '../../../lib/cli/table';
import { cgroupOf, makeBelow, openCages, removeTree } from '../../support/cgroup-tree';
import { type Cli, runCli, startCli } from '../../support/cli';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { TerminalSession } from '../../support/terminal';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const ID = '0123456789abcdef'.repeat(4);
/** What a shell must not run. */
const EVIL = 'lxc.payload.$(touch evil) `touch evil`';

let directory: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-completion-'));
  const main = join(__dirname, '../../../dist/cli.js');
  writeFileSync(join(directory, 'memcage'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(directory, 'memcage'), 0o755);
  env = { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH']}` };
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runCli(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    writeFileSync(join(directory, shell), stdout);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash offers for the last of these words. */
function inBash(...words: string[]): string[] {
  const script = `source '${directory}/bash'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _memcage; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], {
    cwd: directory,
    encoding: 'utf8',
    env,
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

describeIf('terminal', 'bash', () => {
  test('commands', () => {
    expect(inBash('memcage', '')).toEqual([...COMMANDS.map(({ name }) => name), 'help', '--help', '--version']);
    expect(inBash('memcage', 'li')).toEqual(['limit']);
    expect(inBash('memcage', 'help', 'do')).toEqual(['doctor']);
  });

  testRows(
    'every option of each command',
    COMMANDS.map((command) => [command.name, command] as const),
    ([name, { options }]) => {
      const long = Object.keys(options).map((option) => `--${option}`);
      expect(inBash('memcage', name, '--')).toEqual(long);
    },
    { name: ([name]) => name, limitMs: 60_000 },
  );

  test('values of options, as a word of their own or after an equals sign', () => {
    expect(inBash('memcage', 'top', '--sort', 'p')).toEqual(['percent', 'peak', 'pids']);
    expect(inBash('memcage', 'top', '-s', 'an')).toEqual(['anon']);
    expect(inBash('memcage', 'top', '--sort', '=', 'an')).toEqual(['anon']);
    expect(inBash('memcage', 'run', '--node-heap', '=')).toEqual(['auto', 'off']);
    expect(inBash('memcage', 'run', '--json', 'ba')).toEqual(['bash']);
    expect(inBash('memcage', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test("after the command of run, words are that command's", () => {
    expect(inBash('memcage', 'run', '-m', '1M', '--pid', 'mkfif')).toEqual(['mkfifo']);
    expect(inBash('memcage', 'run', '--', 'mkfif')).toEqual(['mkfifo']);
    expect(inBash('memcage', 'run', '-m', '1M', 'cat', 'ba')).toEqual(['bash']);
    expect(inBash('memcage', 'run', '--memory', '=', '1M', 'cat', '--')).toEqual(['']);
  });

  test('in a terminal, by Tab', async () => {
    const shell = new TerminalSession(['bash', '--norc', '--noprofile', '-i'], { env });
    try {
      await shell.shows(/[#$%] *$/);
      shell.press(`source '${directory}/bash'; echo so''urced\r`);
      await shell.shows(/^sourced/);
      shell.press('memcage comp\tb\t> /dev/null; echo "code $?"\r');
      await shell.shows(/memcage completion bash > \/dev\/null/);
      await shell.shows(/^code 0/);
    } finally {
      await shell.close();
    }
  });
});

describeIf(['cgroup', 'terminal'], 'cgroups', () => {
  let cli: Cli;
  let cage: string;
  let others: string[] = [];

  beforeAll(async () => {
    const parent = cgroupOf('self');
    others = [makeBelow(parent, `docker-${ID}.scope`), makeBelow(parent, EVIL)];
    cli = startCli(['run', '-m', '50M', 'sh', '-c', 'echo ready; exec sleep 1000']);
    await until('the command is ready', () => cli.stdout().includes('ready'));
    cage = openCages(cli.pid).find((path) => path.startsWith(parent)) ?? '';
  });
  afterAll(async () => {
    cli.process.kill('SIGTERM');
    await cli.end;
    for (const path of others) removeTree(path);
  });

  test('ls --targets: cages by their path, containers by their id', async () => {
    const { stdout } = await runCli(['ls', '--targets']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual(expect.arrayContaining([cage, ID.slice(0, 12), EVIL.slice('lxc.payload.'.length)]));
  });

  test('they are offered, and nothing of their names is run', () => {
    expect(inBash('memcage', 'stat', cage.slice(0, -4))).toEqual([cage]);
    expect(inBash('memcage', 'limit', '01234567')).toEqual([ID.slice(0, 12)]);
    expect(inBash('memcage', 'top', '$')).toEqual(['\\$\\(touch\\ evil\\)\\ \\`touch\\ evil\\`']);
    expect(existsSync(join(directory, 'evil'))).toBe(false);
  });

  describeIf('fish', 'in fish', () => {
    test('they are offered', () => {
      const script = `source '${directory}/fish'; complete -C 'memcage stat 01234567'`;
      expect(execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env }).trim()).toBe(
        ID.slice(0, 12),
      );
    });
  });
});

describeIf(['fish', 'terminal'], 'fish', () => {
  const inFish = (line: string): string[] => {
    const script = `source '${directory}/fish'; complete -C '${line}'`;
    const output = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env, cwd: directory });
    return output.trimEnd().split('\n');
  };

  test('commands, options, values', () => {
    expect(inFish('memcage do')).toEqual(['doctor\ttell whether cages work here, and what is in the way']);
    expect(inFish('memcage gc --d')).toEqual(['--dry-run\tonly print what would be done']);
    expect(inFish('memcage top --sort an')).toEqual([expect.stringMatching(/^anon\t/)]);
    expect(inFish('memcage completion z')).toEqual(['zsh']);
    expect(inFish('memcage run -m 100M mkfif')).toEqual(['mkfifo\tcommand']);
    expect(inFish('memcage run --swap 1M cat ba')).toEqual(['bash']);
  });
});

describeIf(['zsh', 'terminal'], 'zsh', () => {
  test('commands, options and values, in a terminal', async () => {
    const shell = new TerminalSession(['zsh', '-f', '-i'], { env, columns: 100 });
    try {
      await shell.shows(/[#$%] *$/);
      shell.press(`autoload -U compinit; compinit -D -u; source '${directory}/zsh'; echo so''urced\r`);
      await shell.shows(/^sourced/);
      shell.press('memcage doc\t--he\t| head -n 1\r');
      await shell.shows(/^Usage: memcage doctor/);
      shell.press('memcage top --on\t--sort per\t--filter=nothing-at-all; echo "code $?"\r');
      await shell.shows(/memcage top --once --sort(=| )percent --filter=nothing-at-all/);
      await shell.shows(/^code 0/);
    } finally {
      await shell.close();
    }
  });
});
