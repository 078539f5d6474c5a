import { parseDuration } from '../../../lib/cli/text/parse-duration';
import { testRows } from '../../support/rows';

testRows(
  'durations in milliseconds',
  [
    ['500ms', 500],
    ['5s', 5000],
    ['5', 5000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['0.5ms', 1],
    ['', Number.NaN],
    ['s', Number.NaN],
    ['-1s', Number.NaN],
    ['5 s', Number.NaN],
    ['5d', Number.NaN],
    ['1e3', Number.NaN],
    ['.5s', Number.NaN],
  ],
  ([text, ms]) => expect(parseDuration(text)).toBe(ms),
);
