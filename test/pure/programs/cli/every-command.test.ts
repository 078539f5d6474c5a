import { flag, valued } from '../../../../lib/programs/cli/command';
import { commandNamed, everyCommand } from '../../../../lib/programs/cli/every-command';
import { helpOf, overviewOf } from '../../../../lib/programs/cli/help';
import { SIZE } from '../../../../lib/programs/cli/kinds';
import { parseWords, readValues } from '../../../../lib/programs/cli/parse-words';
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
      for (const [option, { short, kind }] of Object.entries(command.options)) {
        const left = `${short === undefined ? '    ' : `-${short}, `}--${option}${kind === undefined ? '' : ` ${kind.value}`}`;
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
        expect(() => readValues(parseWords(words, command).given, command.options)).not.toThrow();
      }
    },
    options,
  );

  testRows(
    'no two options set the same',
    rows,
    ([, command]) => {
      const set = Object.values(command.options).flatMap(({ sets }) => sets ?? []);
      expect(new Set(set).size).toBe(set.length);
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
    options: { size: valued(SIZE, '', { short: 's' }) },
  } as const;
  for (const [words, message] of [
    [[], 'x needs a cgroup'],
    [['a', 'b'], "x takes one cgroup, not 'b' as well"],
    [['--nothing', 'a'], /^Unknown option '--nothing' of x$/],
    [['a', '--sise=1'], /^Unknown option '--sise' of x: did you mean '--size'\?$/],
    [['-z', 'a'], /^Unknown option '-z' of x$/],
    [['a', '--size'], '--size needs a value: a size such as 512K, 100M or 1.5G, or max for no limit'],
    [['a', '-s=1M'], "-s takes its value without '=': -s 1M"],
    [['a', '--size', '--'], '--size needs a value: a size such as 512K, 100M or 1.5G, or max for no limit'],
    [['a', '--size', '-x'], "--size needs a value, not '-x'; if that is the value: --size=-x"],
  ] as const) {
    expect(() => parseWords(words, table)).toThrow(UsageError);
    expect(() => parseWords(words, table)).toThrow(message);
  }
  expect(parseWords(['--size=1', 'a'], table)).toEqual({ given: { size: '1' }, operands: ['a'] });
});

test('the first operand ends the options of a command that runs another', () => {
  const table = {
    name: 'x',
    operands: { name: 'command', least: 1, endOptions: true },
    options: { size: valued(SIZE, '', { short: 's' }), all: flag('') },
  } as const;
  const parse = (...words: string[]) => parseWords(words, table);
  expect(parse('-s', '1', 'a', '-s')).toEqual({ given: { size: '1' }, operands: ['a', '-s'] });
  expect(parse('--all', '--', '-a', '--')).toEqual({ given: { all: true }, operands: ['-a', '--'] });
  expect(parse('--size', 'a', 'b')).toEqual({ given: { size: 'a' }, operands: ['b'] });
});

testRows<[words: string[], late: string | undefined]>(
  'a limit behind the command is noticed, where nothing says that it belongs there',
  [
    [['echo', '-m', '100M'], '-m 100M'],
    [['echo', 'a', '--memory=1G'], '--memory=1G'],
    [['--pids', '5', 'echo', '--memory', '64m'], '--memory 64m'],
    [['--', 'echo', '-m', '100M'], undefined],
    [['-m', '1G', 'docker', 'run', '-m', '100M'], undefined],
    [['python', '-m', 'http.server'], undefined],
  ],
  ([words, late]) => {
    const run = commandNamed('run');
    expect(run && parseWords(words, run).late).toBe(late);
  },
);

testRows(
  'a wrong command line is refused',
  [
    [['ls', 'x'], "ls takes no 'x'"],
    [['gc', 'x'], "gc takes no 'x'"],
    [['gc', '--force'], "Unknown option '--force'"],
    [['completion'], 'completion needs a shell'],
    [['completion', 'tcsh'], "completion knows bash, zsh, fish, not 'tcsh'"],
    [['top', '--sort', 'size'], /^--sort is one of name, usage, .*, not 'size'$/],
    [['top', '--interval', '0'], "--interval is a time from 100ms to 24h, as in 500ms, 5s or 2m, not '0'"],
    [['top', '--interval', '1d'], "--interval is a time from 100ms to 24h, as in 500ms, 5s or 2m, not '1d'"],
    [['events', '--pressure', 'some:1/2d'], /^--pressure is some:TIME\/TIME .*, not 'some:1\/2d'$/],
    [['events', '--pressure', 'some'], /^--pressure is some:TIME\/TIME .*, not 'some'$/],
    [['events', '--threshold', '12Q'], /^--threshold is a size such as 512K, .*, not '12Q'$/],
    [['run', '--share-net', 'true'], /^--share-net needs --untrusted/],
    [['run', '--untrusted', 'true'], '--untrusted needs a limit of memory, as in -m 512M'],
    [['run', '--kill-signal', 'SIGINT', 'true'], '--kill-signal needs --timeout'],
    [
      ['run', '--kill-signal', 'INT', '--timeout', '1s', 'true'],
      /^--kill-signal is the name of a signal, .* not 'INT': did you mean SIGINT\?$/,
    ],
    [['run', '-m', '--', 'true'], /^-m needs a value: a size such as .*$/],
    [['run', '--timeout', '0', 'true'], /^--timeout is a time from 1ms to 596h, .* not '0'$/],
    [['run', '--enforce', 'polling', 'true'], "--enforce is one of kernel, polled, none, not 'polling'"],
    [['run', '--swappiness', '201', 'true'], "--swappiness is an integer from 0 to 200, not '201'"],
    [['run', '--memory', 'unlimited', 'true'], /^--memory is a size .* or max for no limit, not 'unlimited'$/],
    [['run', '--json', 'true'], "Unknown option '--json' of run: --outcome FILE writes the outcome as JSON"],
    [['size', '-m', '100M', 'true'], /^Unknown option '-m' of size: size finds that limit itself/],
    [['size', '--memory=100M', 'true'], /^Unknown option '--memory' of size: size finds that limit itself/],
    [['size', '--for', '1x', 'true'], "--for is a time of at least 1s, as in 5s or 2m, not '1x'"],
    [['ls', 'a b'], "ls takes no 'a b'. Cure: memcage stat 'a b'"],
    [['doctor', 'x'], /^doctor takes no 'x'$/],
    [['top', '--all', '/x'], 'top takes cgroups or --all, not both'],
    [['limit', 'x'], 'limit needs a limit, as in: memcage limit 4711 --memory 1G --swap 0'],
    [['limit', '--memory', '1G'], 'limit needs a cgroup, as in: memcage limit '],
    [['run'], 'run needs a command, as in: memcage run -m 100M node server.js'],
    [['run', '-m', '-1', '--', 'true'], /^--memory is a size .*, or max for no limit, not '-1'$/],
    [['run', '-m', '100', 'true'], /^--memory is at least one page .*, not '100': did you mean '100M'\?$/],
    [['run', '--keep', 'true'], "Unknown option '--keep' of run: did you mean '--keep-descendants'?"],
    [['doctor', '--verbose'], "Unknown option '--verbose' of doctor: did you mean '--all'?"],
    [['run', '--memory-high', '1G', 'true'], "Unknown option '--memory-high' of run: did you mean '--high'?"],
    [['run', '--limit', '1G', 'true'], "Unknown option '--limit' of run: did you mean '--memory'?"],
    [['run', '--max-old-space-size', '1G', 'true'], "did you mean '--node-heap'?"],
    [['run', '-M', '1G', 'true'], "Unknown option '-M' of run: did you mean '-m'?"],
    // Two begin so.
    [['run', '--swa', '1G', 'true'], /^Unknown option '--swa' of run: did you mean '--swap'\?$/],
    [['run', '--cpu-', '1', 'true'], /^Unknown option '--cpu-' of run: did you mean '--cpu'\?$/],
  ],
  async ([[name, ...words], message]) => {
    const command = commandNamed(name ?? '');
    const attempt = () => command?.execute(words);
    await expect(attempt()).rejects.toThrow(UsageError);
    await expect(attempt()).rejects.toThrow(message);
  },
);
