import * as fc from 'fast-check';
import {
  areWithin,
  commonProcessors,
  formatProcessors,
  parseProcessors,
} from '../../../../lib/cgroup/limits/processors';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

testRows<[string, ReturnType<typeof parseProcessors>]>(
  'lists of processors',
  [
    ['', []],
    ['\n', []],
    ['0', [[0, 0]]],
    [
      '0-2,4\n',
      [
        [0, 2],
        [4, 4],
      ],
    ],
    [
      '4,0-2',
      [
        [0, 2],
        [4, 4],
      ],
    ],
    ['0-2,1-3', [[0, 3]]],
    ['0,1,2', [[0, 2]]],
    ['0-5,2', [[0, 5]]],
    [
      ' 1 , 3 ',
      [
        [1, 1],
        [3, 3],
      ],
    ],
    ['3-1', undefined],
    ['1,', undefined],
    ['a', undefined],
    ['-1', undefined],
    ['0-9:2/3', undefined],
    ['8-12', [[8, 12]]],
    ['12345', [[12_345, 12_345]]],
    ['123456', undefined],
    ['1-123456', undefined],
  ],
  ([text, ranges]) => {
    expect(parseProcessors(text)).toEqual(ranges);
  },
);

test('any list has each of its processors once, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1 }), (numbers) => {
      const ranges = parseProcessors(numbers.join(',')) ?? [];
      const all = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
      expect(all).toEqual([...numbers].sort((a, b) => a - b));
      expect(areWithin(ranges, [[0, 300]])).toBe(true);
      expect(areWithin(ranges, [[Math.min(...numbers) + 1, 300]])).toBe(false);
    }),
  );
});

test('within', () => {
  expect(
    areWithin(
      [[0, 1]],
      [
        [0, 0],
        [2, 5],
      ],
    ),
  ).toBe(false);
  expect(
    areWithin(
      [
        [0, 0],
        [3, 4],
      ],
      [
        [0, 0],
        [2, 5],
      ],
    ),
  ).toBe(true);
  expect(areWithin([], [])).toBe(true);
});

test('a list as text, as the kernel writes it', () => {
  expect(
    formatProcessors([
      [0, 2],
      [4, 4],
      [6, 7],
    ]),
  ).toBe('0-2,4,6-7');
  expect(formatProcessors([])).toBe('');
});

testRows<[string, string, string]>(
  'the processors that are in both of two lists',
  [
    ['0-3', '2-5', '2-3'],
    ['2-5', '0-3', '2-3'],
    ['0-7', '1,3-4', '1,3-4'],
    ['0,2,4', '1-2,4-9', '2,4'],
    ['1', '1', '1'],
    ['0-1', '1-2', '1'],
  ],
  ([one, other, both]) => expect(commonProcessors(one, other)).toBe(both),
);

test('two lists that have none in common can not both hold', () => {
  const message = 'cpu.set: 0-1 and 2,4, which hold both, have no processor in common';
  expect(() => commonProcessors('0-1', '2,4')).toThrow(withCode('LIMIT_REFUSED', message));
  expect(() => commonProcessors('0-1', '2,4')).toThrow(expect.objectContaining({ value: '0-1' }) as Error);
  expect(() => commonProcessors('', '2')).toThrow(withCode('LIMIT_REFUSED'));
  expect(() => commonProcessors('2', '')).toThrow(withCode('LIMIT_REFUSED'));
  expect(() => commonProcessors('0-1', '2,4')).toThrow(expect.objectContaining({ option: 'cpu.set' }) as Error);
});
