import { stdioCount, withFds } from '../../../../lib/start/sync/stdio';
import { testRows } from '../../../support/rows';

describe('withFds', () => {
  testRows(
    'puts the fds after those that are given',
    [
      [undefined, ['pipe', 'pipe', 'pipe', 9]],
      ['inherit', ['inherit', 'inherit', 'inherit', 9]],
      [['ignore'], ['ignore', undefined, undefined, 9]],
      [
        ['pipe', 1, 2, 'ignore'],
        ['pipe', 1, 2, 'ignore', 9],
      ],
    ] as const,
    ([stdio, expected]) => {
      expect(withFds(stdio as never, [9])).toEqual(expected);
      expect(stdioCount(stdio as never)).toBe(expected.length - 1);
    },
  );

  testRows('leaves what is wrong for Node to refuse', ['ipc', 'pip', 5], (stdio) => {
    expect(withFds(stdio as never, [9])).toBe(stdio);
  });

  test('an entry that Node passes over has no fd', () => {
    expect(stdioCount(['text' as never, new Uint8Array() as never, 'pipe', 'pipe'])).toBe(2);
  });
});
