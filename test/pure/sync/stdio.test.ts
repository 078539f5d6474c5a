import { stdioCount, withFds } from '../../../lib/sync/stdio';

describe('withFds', () => {
  test.each([
    [undefined, ['pipe', 'pipe', 'pipe', 9]],
    ['inherit', ['inherit', 'inherit', 'inherit', 9]],
    [['ignore'], ['ignore', undefined, undefined, 9]],
    [
      ['pipe', 1, 2, 'ignore'],
      ['pipe', 1, 2, 'ignore', 9],
    ],
  ] as const)('after %p', (stdio, expected) => {
    expect(withFds(stdio as never, [9])).toEqual(expected);
    expect(stdioCount(stdio as never)).toBe(expected.length - 1);
  });

  test.each(['ipc', 'pip', 5])('%p is left for Node to refuse', (stdio) => {
    expect(withFds(stdio as never, [9])).toBe(stdio);
  });

  test('an entry that Node passes over has no fd', () => {
    expect(stdioCount(['text' as never, new Uint8Array() as never, 'pipe', 'pipe'])).toBe(2);
  });
});
