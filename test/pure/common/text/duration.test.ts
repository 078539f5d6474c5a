import * as fc from 'fast-check';
import { parseDuration } from '../../../../lib/common/text/duration';
import { testRows } from '../../../support/rows';

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

test('any number with a unit is so long, and any other text is no duration', () => {
  const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };
  const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 999 }), unit, (whole, part, of) => {
      const ms = parseDuration(`${whole}.${part}${of}`);
      expect(ms).toBe(Math.round(Number(`${whole}.${part}`) * UNITS[of]));
      expect(ms).toBeGreaterThanOrEqual(0);
    }),
  );
  const other = fc.oneof(fc.string(), fc.stringMatching(/^[-+ .0-9a-zE]*$/));
  fc.assert(
    fc.property(other, (text) => {
      const ms = parseDuration(text);
      if (!Number.isNaN(ms)) expect(text).toMatch(/^[0-9]+(\.[0-9]+)?(ms|s|m|h)?$/);
    }),
  );
});
