import { flag, valued } from '../../../../lib/programs/cli/command';
import { commandNamed, everyCommand } from '../../../../lib/programs/cli/every-command';
import { helpOf, overviewOf } from '../../../../lib/programs/cli/help';
import { parseWords } from '../../../../lib/programs/cli/parse-words';
import { UsageError } from '../../../../lib/programs/cli/usage';
import { testRows } from '../../../support/rows';

/** Splits a line like a shell without expansions, up to the first word that does not belong to this command. */
function wordsOf(line: string): string[] {
  const [own = ''] = line.split(/ [|>&;]/);
  return (own.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

describe('of each command', () => {
  const rows = everyCommand().map((command) => [command.name, command] as const);
  const options = { name: ([name]: (typeof rows)[number]) => name };

  testRows(
    'the help has every option, operand, exit code and example',
    rows,
    ([name, command]) => {
      const help = helpOf(command);
      expect(help.startsWith(`Usage: memcage ${name} [OPTION]...`)).toBe(true);
      for (const [option, { short, value }] of Object.entries(command.options)) {
        const left = `${short === undefined ? '    ' : `-${short}, `}--${option}${value === undefined ? '' : ` ${value}`}`;
        expect(help).toContain(`\n  ${left}`);
      }
      for (const [code] of command.exitCodes) expect(help).toContain(`\n  ${code}`);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const [line] of command.examples) expect(help).toContain(`\n  ${line}\n`);
    },
    options,
  );

  testRows(
    'no line of the help is wider than a terminal of 100 columns',
    rows,
    ([, command]) => {
      const wide = helpOf(command)
        .split('\n')
        .filter((line) => line.length > 100);
      expect(wide).toEqual([]);
    },
    options,
  );

  testRows(
    'its examples are understood',
    rows,
    ([name, command]) => {
      for (const [line] of command.examples) {
        const [program, first, ...words] = wordsOf(line);
        expect([program, first]).toEqual(['memcage', name]);
        expect(() => parseWords(words, command)).not.toThrow();
      }
    },
    options,
  );

  testRows(
    'no two options have the same letter',
    rows,
    ([, command]) => {
      const letters = Object.values(command.options).flatMap(({ short }) => short ?? []);
      expect(new Set(letters).size).toBe(letters.length);
    },
    options,
  );
});

test('the overview names every command', () => {
  const overview = overviewOf(everyCommand());
  for (const { name, summary } of everyCommand()) expect(overview).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
});

test('what is wrong is named', () => {
  const table = {
    name: 'x',
    operands: { name: 'cgroup', least: 1, most: 1 },
    options: { size: valued('SIZE', '', { short: 's' }) },
  } as const;
  for (const [words, message] of [
    [[], 'x needs a cgroup'],
    [['a', 'b'], "x takes one cgroup, not 'b' as well"],
    [['--nothing', 'a'], /^Unknown option '--nothing' of x$/],
    [['a', '--sise=1'], /^Unknown option '--sise' of x: did you mean '--size'\?$/],
    [['-z', 'a'], /^Unknown option '-z' of x$/],
    [['a', '--size'], /argument missing/],
  ] as const) {
    expect(() => parseWords(words, table)).toThrow(UsageError);
    expect(() => parseWords(words, table)).toThrow(message);
  }
  expect(parseWords(['--size=1', 'a'], table)).toEqual({ values: { size: '1' }, operands: ['a'] });
});

test('the first operand ends the options of a command that runs another', () => {
  const table = {
    name: 'x',
    operands: { name: 'command', least: 1, endOptions: true },
    options: { size: valued('SIZE', '', { short: 's' }), all: flag('') },
  } as const;
  const parse = (...words: string[]) => parseWords(words, table);
  expect(parse('-s', '1', 'a', '-s')).toEqual({ values: { size: '1' }, operands: ['a', '-s'] });
  expect(parse('--all', '--', '-a', '--')).toEqual({ values: { all: true }, operands: ['-a', '--'] });
  expect(parse('--size', 'a', 'b')).toEqual({ values: { size: 'a' }, operands: ['b'] });
});

testRows(
  'a wrong command line is refused',
  [
    [['ls', 'x'], "ls takes no 'x'"],
    [['gc', 'x'], "gc takes no 'x'"],
    [['gc', '--force'], "Unknown option '--force'"],
    [['completion'], 'completion needs a shell'],
    [['completion', 'tcsh'], "completion knows bash, zsh, fish, not 'tcsh'"],
    [['top', '--sort', 'size'], /^--sort takes one of name, usage, .*, not 'size'$/],
    [['top', '--interval', '0'], "--interval takes seconds from 0.1 to 86400, not '0'"],
    [['top', '--interval', '1s'], "--interval takes seconds from 0.1 to 86400, not '1s'"],
    [['top', '--all', '/x'], 'top takes cgroups or --all, not both'],
    [['limit', 'x'], 'limit needs a limit'],
  ],
  async ([[name, ...words], message]) => {
    const command = commandNamed(name ?? '');
    const attempt = async () => command?.execute(words);
    await expect(attempt()).rejects.toThrow(UsageError);
    await expect(attempt()).rejects.toThrow(message);
  },
);
