import { SETTINGS } from '../../../lib/cli/commands/run/settings';
import { parseWords, UsageError } from '../../../lib/cli/parse';
import { testRows } from '../../support/rows';

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
    const { values, operands } = parseWords(words, RUN);
    expect(values).toEqual({ 'oom-score-adj': '-500', nice: '-5' });
    expect(operands).toEqual(['sh', '--nice', '-3']);
  },
);

test('what follows -- is no option', () => {
  const { values, operands } = parseWords(['--nice', '-5', '--', '--nice', '-3'], PLAIN);
  expect(values).toEqual({ nice: '-5' });
  expect(operands).toEqual(['--nice', '-3']);
});

testRows(
  'another word with a hyphen is refused as a value',
  [
    ['--nice', '-x', 'sh'],
    ['--nice', '--nice', '-5', 'sh'],
    ['--seccomp', '-5', 'sh'],
  ],
  (words) => expect(() => parseWords(words, RUN)).toThrow(UsageError),
);
