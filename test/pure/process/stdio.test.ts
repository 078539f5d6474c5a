import { constants } from 'node:os';
import { openStdio, type StdioEntry } from '../../../lib/process/stdio';
import { testRows } from '../../support/rows';

const { EINVAL, EMFILE, ENOTSOCK } = constants.errno;

/** A table of open fds, and handles that take some of them. */
function setUp({ pairs = Number.POSITIVE_INFINITY, refuse = new Set<number>() } = {}) {
  const open = new Set<number>();
  const given: number[] = [];
  let next = 10;
  const binding = {
    socketPair: (): [number, number] => {
      if (open.size / 2 >= pairs) throw Object.assign(new Error('socketpair: EMFILE'), { errno: -EMFILE });
      const pair: [number, number] = [next, next + 1];
      next += 2;
      for (const fd of pair) open.add(fd);
      return pair;
    },
    closeFd: ({ fd }: { fd: number }) => {
      if (!open.delete(fd)) throw new Error(`fd ${fd} was not open`);
    },
    giveFdAway: ({ fd }: { fd: number }) => void given.push(fd),
  };
  const closes: number[] = [];
  const pipe = (type = 'pipe'): StdioEntry => {
    let own: number | undefined;
    const index = closes.push(0) - 1;
    const handle = {
      open: (fd: number) => {
        if (refuse.has(index)) return -ENOTSOCK;
        own = fd;
        return 0;
      },
      close: () => {
        closes[index] = (closes[index] ?? 0) + 1;
        if (own !== undefined) open.delete(own);
      },
    };
    return { type, handle };
  };
  return { binding, open, given, pipe, closes };
}

test('every kind of entry', () => {
  const { binding, pipe } = setUp();
  const wrap: StdioEntry = { type: 'wrap', handle: { fd: 7, close: () => {} } };
  const entries = [pipe(), pipe('overlapped'), { type: 'inherit', fd: 2 }, { type: 'fd', fd: 5 }, wrap];
  const stdio = openStdio([...entries, { type: 'ignore' }, { type: 'inherit' }], binding);
  expect('fds' in stdio && stdio.fds).toEqual([11, 13, 2, 5, 7, -1, 6]);
});

test('the child’s ends are closed once, the parent’s stay', () => {
  const { binding, pipe, open, given } = setUp();
  const ours = { type: 'pipe', handle: { isOurs: true as const, open: () => 0, close: () => open.delete(14) } };
  const stdio = openStdio([pipe(), pipe(), ours], binding);
  if ('errno' in stdio) throw new Error('refused');
  // Passed to libuv, which closes them.
  expect(given).toEqual([10, 12]);
  stdio.releaseChildEnds();
  stdio.releaseChildEnds();
  expect([...open]).toEqual([10, 12, 14]);
  stdio.abandon();
  expect(open.size).toBe(0);
});

testRows('EMFILE after some pipes gives everything back', [0, 1, 2, 3], (pairs) => {
  const { binding, pipe, open, closes } = setUp({ pairs });
  expect(openStdio([pipe(), pipe('overlapped'), pipe(), pipe()], binding)).toEqual({ errno: -EMFILE });
  expect(open.size).toBe(0);
  expect(closes).toEqual([1, 1, 1, 1]);
});

test.each([0, 1])('a handle that takes no fd gives everything back (%d)', (index) => {
  const { binding, pipe, open } = setUp({ refuse: new Set([index]) });
  expect(openStdio([pipe(), pipe()], binding)).toEqual({ errno: -ENOTSOCK });
  expect(open.size).toBe(0);
});

test('as does one that throws, with or without an errno', () => {
  const { binding, pipe, open } = setUp();
  const throwing = (error: object): StdioEntry => ({
    type: 'pipe',
    handle: {
      open: () => {
        throw error;
      },
      close: () => {},
    },
  });
  expect(openStdio([pipe(), throwing({ errno: -ENOTSOCK })], binding)).toEqual({ errno: -ENOTSOCK });
  const bug = new Error('a bug');
  expect(() => openStdio([pipe(), throwing(bug)], binding)).toThrow(bug);
  expect(open.size).toBe(0);
});

testRows<StdioEntry>(
  'what is no stdio is EINVAL',
  [
    { type: 'fd', fd: -1 },
    { type: 'fd' },
    { type: 'wrap', handle: { fd: -1, close: () => {} } },
    { type: 'wrap' },
    { type: 'pipe' },
    { type: 'of the future' },
  ],
  (entry) => {
    const { binding, pipe, open } = setUp();
    expect(openStdio([pipe(), entry, pipe()], binding)).toEqual({ errno: -EINVAL });
    expect(open.size).toBe(0);
  },
);
