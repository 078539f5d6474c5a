import { constants } from 'node:os';
import { ABSENT_CALLS, defaultFilter, REFUSED_CALLS } from '../../../../lib/process/settings/default-filter';
import { privilegesIn, resolvePrivileges } from '../../../../lib/process/settings/privileges';
import { forbidsWrite, whyNoFilter } from '../../../../lib/process/settings/seccomp-filter';
import { ALLOW, errno, KILL } from '../../../support/cgroups/bpf';
import { pageText } from '../../../support/docs/doc-examples';
import { testRows } from '../../../support/rows';

const { EAFNOSUPPORT, ENOSYS, EPERM, EPROTONOSUPPORT } = constants.errno;

const ARCHITECTURES = [
  {
    arch: 'x64',
    audit: 0xc000003e,
    column: 0,
    numbers: { clone: 56, unshare: 272, socket: 41, socketpair: 53, ioctl: 16, read: 0 },
  },
  {
    arch: 'arm64',
    audit: 0xc00000b7,
    column: 1,
    numbers: { clone: 220, unshare: 97, socket: 198, socketpair: 199, ioctl: 29, read: 63 },
  },
] as const;

interface Call {
  number: number;
  audit: number;
  args?: readonly number[];
}

/** What the kernel's machine answers, with the instructions that the filter has. */
function answerOf(filter: Uint8Array, { number, audit, args = [] }: Call): number {
  const view = new DataView(filter.buffer);
  const words = Array.from({ length: 6 }, (_, index) => args[index] ?? 0);
  const data = [number, audit, 0, 0, ...words.flatMap((word) => [word % 2 ** 32, Math.floor(word / 2 ** 32)])];
  let a = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const code = view.getUint16(at, true);
    const k = view.getUint32(at + 4, true);
    const jump = (holds: boolean): void => {
      at += 8 * view.getUint8(at + (holds ? 2 : 3));
    };
    if (code === 0x20) a = data[k / 4] ?? Number.NaN;
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x05) at += 8 * k;
    else if (code === 0x15) jump(a === k);
    else if (code === 0x25) jump(a > k);
    else if (code === 0x45) jump((a & k) !== 0);
    else if (code === 0x06) return k;
    else throw new Error(`instruction ${at / 8} has the code ${code}`);
  }
  throw new Error('it does not return');
}

describe.each(ARCHITECTURES)('the default filter on $arch', ({ arch, audit, column, numbers }) => {
  const filter = defaultFilter(arch) ?? new Uint8Array();
  const answer = (number: number, ...args: number[]): number => answerOf(filter, { number, audit, args });

  test('refuses each call of the lists, and is the same array each time', () => {
    const refused = Object.values(REFUSED_CALLS).flatMap((calls) => Object.entries(calls));
    for (const [name, each] of refused) {
      const number = each[column];
      if (number !== null) expect([name, answer(number)]).toEqual([name, errno(EPERM)]);
    }
    for (const [name, each] of Object.entries(ABSENT_CALLS)) {
      expect([name, answer(each[column] ?? -1)]).toEqual([name, errno(ENOSYS)]);
    }
    expect(defaultFilter(arch)).toBe(filter);
  });

  test('allows all others, and knows none that are newer than it', () => {
    const listed = [...Object.values(REFUSED_CALLS), ABSENT_CALLS].flatMap((calls) =>
      Object.values(calls).map((each) => each[column]),
    );
    for (let number = 0; number <= 469; number += 1) {
      const isLookedAt = number === numbers.socket || number === numbers.socketpair;
      if (!listed.includes(number) && !isLookedAt) expect([number, answer(number)]).toEqual([number, ALLOW]);
    }
    expect(answer(470)).toBe(errno(ENOSYS));
    expect(answer(0xffffffff)).toBe(errno(ENOSYS));
    // x32
    expect(answer(0x40000000 + numbers.read)).toBe(errno(ENOSYS));
  });

  test('kills a program with the numbers of another architecture', () => {
    for (const other of [0x40000003, 0x40000028, ...ARCHITECTURES.map((each) => each.audit)]) {
      const expected = other === audit ? ALLOW : KILL;
      expect(answerOf(filter, { number: numbers.read, audit: other })).toBe(expected);
    }
  });

  testRows<[string, keyof typeof numbers, number[], number]>(
    'looks at arguments',
    [
      ['a fork', 'clone', [17], ALLOW],
      ['a thread', 'clone', [0x003d0f00], ALLOW],
      ['a vfork', 'clone', [0x4111], ALLOW],
      ['a user namespace', 'clone', [0x10000000 | 17], errno(EPERM)],
      ['a mount namespace', 'clone', [0x00020000], errno(EPERM)],
      ['a signal that has the bit of a time namespace', 'clone', [0x80], ALLOW],
      ['a file table of its own', 'unshare', [0x400], ALLOW],
      ['a network namespace', 'unshare', [0x40000000], errno(EPERM)],
      ['a time namespace', 'unshare', [0x80], errno(EPERM)],
      // UNSHARE_EMPTY_MNTNS, of a kernel newer than the filter.
      ['a namespace by a flag that is not known', 'unshare', [0x00100000], errno(EPERM)],
      ['a namespace by a flag in the upper half', 'unshare', [2 ** 37], errno(EPERM)],
      ['a Unix socket', 'socket', [1, 0x80001, 0], ALLOW],
      ['a pair', 'socketpair', [1, 5, 0], ALLOW],
      ['TCP', 'socket', [2, 0x80801, 6], ALLOW],
      ['TCP of IPv6', 'socket', [10, 1, 0], ALLOW],
      ['UDP', 'socket', [2, 0x80802, 17], ALLOW],
      ['netlink', 'socket', [16, 0x80003, 0], errno(EAFNOSUPPORT)],
      ['packets', 'socket', [17, 3, 0], errno(EAFNOSUPPORT)],
      ['packets by an old name', 'socket', [2, 10, 0], errno(EPROTONOSUPPORT)],
      ['an algorithm', 'socket', [38, 5, 0], errno(EAFNOSUPPORT)],
      ['no family', 'socket', [0, 1, 0], errno(EAFNOSUPPORT)],
      ['raw', 'socket', [2, 3, 1], errno(EPROTONOSUPPORT)],
      ['ping', 'socket', [2, 2, 1], errno(EPROTONOSUPPORT)],
      ['SCTP', 'socket', [10, 1, 132], errno(EPROTONOSUPPORT)],
      ['a pair of TIPC', 'socketpair', [30, 1, 0], errno(EAFNOSUPPORT)],
      ['the size of a terminal', 'ioctl', [0, 0x5413], ALLOW],
      ['words for a terminal', 'ioctl', [0, 0x5412], errno(EPERM)],
      ['a selection for a console', 'ioctl', [0, 0x541c], errno(EPERM)],
    ],
    ([, call, args, expected]) => {
      expect(answer(numbers[call], ...args)).toBe(expected);
    },
    { name: ([what]) => what },
  );
});

test('the default filter is one that the kernel takes, and that lets each child start', () => {
  const filter = defaultFilter() ?? new Uint8Array();
  expect(whyNoFilter(filter)).toBeUndefined();
  expect(forbidsWrite(filter)).toBe(false);
  expect(defaultFilter('riscv64')).toBeUndefined();
});

test('a child may have it where its cage has it', () => {
  const own = resolvePrivileges({ seccomp: 'default' }, 'run()');
  expect(own).toMatchObject({ noNewPrivileges: true, seccomp: defaultFilter() });
  expect(privilegesIn(own, own).seccomp).toBe(defaultFilter());
  expect(() => resolvePrivileges({ seccomp: 'docker' }, 'run()')).toThrow("'default', or a seccomp filter");
});

test('the page has the list', () => {
  const page = pageText('docs/reference/privileges.md');
  const rows = page.split('\n').flatMap((line) => {
    const [, what, names] = /^\| (.+?) \| (`[a-z_0-9]+`(?:, `[a-z_0-9]+`)*) \| E\w+ \|$/.exec(line) ?? [];
    return what === undefined || names === undefined ? [] : [[what, names.replaceAll('`', '').split(', ')] as const];
  });
  const expected = Object.entries(REFUSED_CALLS).map(([what, calls]) => [what, Object.keys(calls)] as const);
  expect(Object.fromEntries(rows)).toMatchObject(Object.fromEntries(expected));
  expect(rows.map(([, names]) => names)).toContainEqual(Object.keys(ABSENT_CALLS));
});
