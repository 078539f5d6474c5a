import { printable } from '../../../../lib/common/text/names';
import { pad, truncate, truncateStart, widthOf } from '../../../../lib/common/text/text-width';
import { wantsColors } from '../../../../lib/programs/cli/text/style';
import { testRows } from '../../../support/rows';

testRows(
  'text fills so many columns',
  [
    ['plain', 5],
    ['\x1b[31mred\x1b[39m', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['😀', 2],
  ],
  ([text, width]) => expect(widthOf(text)).toBe(width),
);

test('what is too long is shortened, to whole characters', () => {
  expect(truncate('abcdef', 6, '…')).toBe('abcdef');
  expect(truncate('abcdef', 5, '…')).toBe('abcd…');
  expect(truncate('日本語', 4, '…')).toBe('日…');
  expect(truncate('abc', 0, '…')).toBe('');
  expect(truncateStart('abcdef', 4, '…')).toBe('…def');
  expect(pad('日', 4, 'right')).toBe('  日');
});

testRows(
  'text is printed without what a terminal would obey',
  [
    ['a "quoted" \\ text', 'a "quoted" \\ text'],
    ['\x1b[2J', '\\u001b[2J'],
    ['a\nb\x7f\x9b', 'a\\nb\\u007f\\u009b'],
    ['\u202eevil', '\\u202eevil'],
    ['日本', '日本'],
  ],
  ([text, printed]) => expect(printable(text)).toBe(printed),
);

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
