import { wantsColors } from '../../../lib/cli/text/color';
import { testRows } from '../../support/rows';

testRows(
  'colours are wanted by terminal and environment',
  [
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ],
  ([isTerminal, env, wanted]) => {
    expect(wantsColors(isTerminal, env)).toBe(wanted);
  },
);
