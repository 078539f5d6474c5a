/** @starts-children Shells that complete words of the command line. The kernel makes no difference. */

import { execFileSync } from 'node:child_process';
import { everyCommand } from '../../../../lib/programs/cli/every-command';
import { type Completion, LIMITED, makeCompletion } from '../../../support/cli/completion';
import { TerminalSession } from '../../../support/cli/terminal';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(60_000));

let completion: Completion;
let directory: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  completion = makeCompletion();
  ({ directory, env } = completion);
});
afterAll(() => completion.remove());

const inBash = (...words: string[]): string[] => completion.inBash(...words);

describeIf('terminal', 'bash', () => {
  test('commands', () => {
    expect(inBash('memcage', '')).toEqual([...everyCommand().map(({ name }) => name), 'help', '--help', '--version']);
    expect(inBash('memcage', 'li')).toEqual(['limit']);
    expect(inBash('memcage', 'help', 'do')).toEqual(['doctor']);
  });

  testRows(
    'every option of each command',
    everyCommand().map((command) => [command.name, command] as const),
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
    expect(inBash('memcage', 'run', '--outcome', 'ba')).toEqual(['bash']);
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

describeIf(['fish', 'terminal'], 'fish', () => {
  const inFish = (line: string): string[] => {
    const script = `source '${directory}/fish'; complete -C '${line}'`;
    const output = execFileSync('fish', ['--no-config', '-c', script], {
      encoding: 'utf8',
      env,
      cwd: directory,
      ...LIMITED,
    });
    return output.trimEnd().split('\n');
  };

  test('commands, options, values', () => {
    expect(inFish('memcage do')).toEqual(['doctor\tcheck whether cages work here, and what prevents them']);
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
