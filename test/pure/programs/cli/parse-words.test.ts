import * as fc from 'fast-check';
import { SETTINGS } from '../../../../lib/programs/cli/commands/run/settings';
import { top } from '../../../../lib/programs/cli/commands/top/command';
import { parseWords } from '../../../../lib/programs/cli/parse-words';
import { UsageError } from '../../../../lib/programs/cli/usage';
import { testRows } from '../../../support/rows';

const RUN = { name: 'run', operands: { name: 'command', least: 1, endOptions: true }, options: SETTINGS } as const;
const PLAIN = { name: 'plain', operands: { name: 'word', least: 0 }, options: SETTINGS } as const;

testRows(
  'a negative number is the value of an option that takes one',
  [
    ['--oom-score-adj', '-500', '--nice', '-5', 'sh', '--nice', '-3'],
    ['--oom-score-adj=-500', '--nice=-5', '--', 'sh', '--nice', '-3'],
    ['--nice', '-5', '--oom-score-adj=-500', 'sh', '--nice', '-3'],
  ],
  (words) => {
    const { given, operands } = parseWords(words, RUN);
    expect(given).toEqual({ 'oom-score-adj': '-500', nice: '-5' });
    expect(operands).toEqual(['sh', '--nice', '-3']);
  },
);

test('what follows -- is no option', () => {
  const { given, operands } = parseWords(['--nice', '-5', '--', '--nice', '-3'], PLAIN);
  expect(given).toEqual({ nice: '-5' });
  expect(operands).toEqual(['--nice', '-3']);
});

testRows(
  'another word with a hyphen is refused as a value',
  [
    ['--nice', '-x', 'sh'],
    ['--nice', '--nice', '-5', 'sh'],
    ['--seccomp', '-f', 'sh'],
  ],
  (words) => expect(() => parseWords(words, RUN)).toThrow(UsageError),
);

test('a digit that is an option is no value, unless it is in the word of the option', () => {
  expect(() => parseWords(['--filter', '-1'], top)).toThrow(
    "--filter needs a value, not '-1'; if that is the value: --filter=-1",
  );
  expect(parseWords(['--filter=-1'], top).given).toEqual({ filter: '-1' });
  expect(parseWords(['--filter', '-2'], top).given).toEqual({ filter: '-2' });
  expect(parseWords(['-f', '-2', '-1'], top).given).toEqual({ filter: '-2', once: true });
});

describe('any words', () => {
  const names = Object.keys(SETTINGS);
  const word = fc.oneof(
    fc.constantFrom(...names.map((name) => `--${name}`), '--', '-', '-5', '--nice=-5', 'sh', '--constructor', '--no-x'),
    fc.constantFrom('--__proto__=1', '--hasOwnProperty', '--toString=1', '-h', ''),
    fc.string(),
  );

  test('are read as options that the command has, or refused as a usage error', () => {
    fc.assert(
      fc.property(fc.array(word), fc.constantFrom(RUN, PLAIN), (words, table) => {
        let parsed: ReturnType<typeof parseWords>;
        try {
          parsed = parseWords(words, table);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          return;
        }
        for (const name of Object.keys(parsed.given)) expect(names).toContain(name);
      }),
    );
  });

  test('of a command of its own stay as they are', () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(parseWords(['--nice', '-5', '--', ...['sh', ...words]], RUN).operands).toEqual(['sh', ...words]);
        expect(parseWords(['--nice=1', 'sh', ...words], RUN).operands).toEqual(['sh', ...words]);
      }),
    );
  });
});
