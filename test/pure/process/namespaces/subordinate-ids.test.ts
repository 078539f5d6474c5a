import fc from 'fast-check';
import { layOut, parseRanges } from '../../../../lib/process/namespaces/subordinate-ids';
import { testRows } from '../../../support/rows';

const show = (inside: number, outside: number, ranges: { start: number; count: number }[]): string[] =>
  layOut(inside, outside, ranges).map((line) => `${line.inside} ${line.outside} ${line.count}`);

describe('parseRanges', () => {
  const text = 'alice:100000:65536\nbob:200000:10\n1000:300000:5\nalice:400000:1\n';

  it('finds a user by name and by uid, in order', () => {
    expect(parseRanges(text, ['alice', '1000'])).toEqual([
      { start: 100000, count: 65536 },
      { start: 300000, count: 5 },
      { start: 400000, count: 1 },
    ]);
  });

  it('takes no one else for them', () => {
    expect(parseRanges(text, ['100', 'alic', ''])).toEqual([]);
  });

  testRows(
    'passes over lines that are wrong',
    ['alice:1', 'alice:1:2:3', 'alice::5', 'alice:-1:5', 'alice:1:0', 'alice:4294967290:10', 'alice:x:5', ''],
    (line) => {
      expect(parseRanges(`${line}\nalice:7:1`, ['alice'])).toEqual([{ start: 7, count: 1 }]);
    },
  );
});

describe('layOut', () => {
  it('puts the others behind root, when the caller is that', () => {
    expect(show(0, 1000, [{ start: 100000, count: 65536 }])).toEqual(['0 1000 1', '1 100000 65536']);
  });

  it('puts them around the caller', () => {
    expect(show(1000, 1000, [{ start: 100000, count: 65536 }])).toEqual([
      '1000 1000 1',
      '0 100000 1000',
      '1001 101000 64536',
    ]);
  });

  it('leaves no gap between ranges, and one below a caller that they do not reach', () => {
    expect(
      show(
        1000,
        5,
        [100, 200].map((start) => ({ start, count: 10 })),
      ),
    ).toEqual(['1000 5 1', '0 100 10', '10 200 10']);
  });

  it('maps no id twice', () => {
    const ranges = [
      { start: 10, count: 10 },
      { start: 15, count: 10 },
    ];
    expect(show(0, 12, ranges)).toEqual(['0 12 1', '1 10 2', '3 13 7', '10 20 5']);
  });

  it('never overlaps, inside or outside, loses no id and starts at 0', () => {
    const range = fc.record({ start: fc.nat(200), count: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(fc.nat(60), fc.nat(250), fc.array(range, { maxLength: 5 }), (inside, outside, ranges) => {
        const lines = layOut(inside, outside, ranges);
        const numbers = (from: (line: (typeof lines)[number]) => number): number[] =>
          lines.flatMap((line) => Array.from({ length: line.count }, (_, index) => from(line) + index));
        const outsides = numbers((line) => line.outside);
        const insides = numbers((line) => line.inside);
        const given = ranges.flatMap(({ start, count }) => Array.from({ length: count }, (_, index) => start + index));
        expect(new Set(outsides)).toEqual(new Set([outside, ...given]));
        expect(outsides).toHaveLength(new Set(outsides).size);
        expect(insides).toHaveLength(new Set(insides).size);
        const others = insides.filter((id) => id !== inside).sort((a, b) => a - b);
        expect(others).toEqual(others.map((_, index) => (index < inside ? index : index + 1)));
      }),
    );
  });
});
