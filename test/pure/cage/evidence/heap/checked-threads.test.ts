import { checkedThreads } from '../../../../../lib/cage/evidence/heap/checked-threads';
import { testRows } from '../../../../support/rows';

const EMPTY = {
  heapUsed: 0,
  heapTotal: 0,
  heapLimit: 0,
  external: 0,
  arrayBuffers: 0,
  malloced: 0,
  code: 0,
  scripts: 0,
};

describe('what a process says of its threads', () => {
  test('is taken', () => {
    const thread = {
      ...EMPTY,
      session: '1',
      title: 'main',
      heapUsed: 5,
      spaces: [{ name: 'new', usedBytes: 1, sizeBytes: 2 }],
      stack: ['at f'],
    };
    expect(checkedThreads([thread])).toEqual([thread]);
  });

  testRows(
    'is harmless whatever it is',
    [
      [undefined, []],
      [[null, 1, 'text'], []],
      [
        [{ session: 1, title: 5, heapUsed: -1, heapTotal: 'x', spaces: {}, stack: 'x' }],
        [{ ...EMPTY, title: '', spaces: [], stack: [] }],
      ],
      [
        [{ title: '\u001b[31m', stack: [1, '\n'] }],
        [{ ...EMPTY, title: '\\u001b[31m', spaces: [], stack: ['', '\\n'] }],
      ],
    ] as const,
    ([given, threads]) => expect(checkedThreads(given)).toEqual(threads),
  );
});
