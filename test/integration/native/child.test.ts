import {
  closeSync,
  constants as fsConstants,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type CloneOptions, native } from 'memcage/native';
import { starts } from '../../support/children/starts';
import { faults } from '../../support/native/faults';
import { cloneOptions, makeFifo, temporaryDirectory, whileRunning } from '../../support/native/native-child';
import { STARTER, WAYS } from '../../support/native/starter';
import { threadStatuses } from '../../support/processes/processes';
import { describeIf } from '../../support/require';

const F_SETFD = 2;
const PR_GET_DUMPABLE = 3;
const NOBODY = 65534;

function statusOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** What each fd of a process refers to. */
function fdsOf(pid: number): Record<string, string> {
  const directory = `/proc/${pid}/fd`;
  return Object.fromEntries(readdirSync(directory).map((fd) => [fd, readlinkSync(join(directory, fd))]));
}

function openFlags(pid: number, fd: number): number {
  const text = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
  return Number.parseInt(/flags:\s*(\d+)/.exec(text)?.[1] ?? '', 8);
}

function sessionOf(pid: number | 'self'): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
}

describe.each(WAYS)('a child that is started $how', ({ way }) => {
  let directory: string;
  let opened: number[];

  const open = (name: string, flags: string | number = 'a+'): number => {
    const fd = openSync(join(directory, name), flags);
    opened.push(fd);
    return fd;
  };
  const look = <T>(options: Partial<CloneOptions>, at: (pid: number) => T): T =>
    whileRunning({ ...way, ...options }, at);

  beforeEach(() => {
    directory = temporaryDirectory();
    opened = [];
  });
  afterEach(() => {
    for (const fd of opened) closeSync(fd);
    rmSync(directory, { recursive: true });
  });

  test('has no signal blocked, ignored or caught', () => {
    const handler = (): void => {};
    process.on('SIGUSR2', handler);
    try {
      // Node itself ignores SIGPIPE.
      expect(statusOf(process.pid)['SigIgn']).not.toMatch(/^0+$/);
      const { SigBlk, SigIgn, SigCgt, SigPnd, ShdPnd } = look({}, statusOf);
      expect([SigBlk, SigIgn, SigCgt, SigPnd, ShdPnd]).toEqual(Array(5).fill('0'.repeat(16)));
    } finally {
      process.off('SIGUSR2', handler);
    }
  });

  test('leaves the signal mask of its parent as it was', () => {
    const before = statusOf(process.pid)['SigBlk'];
    look({}, () => {});
    expect(statusOf(process.pid)['SigBlk']).toBe(before);
  });

  test('has the fds that it was given, however they are shuffled, and no others', () => {
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => open(name));
    for (const fd of files) faults.call('fcntl', fd, F_SETFD, 0);
    const sources = [-1, 0, 1, 2, ...files];
    const ours = new Map(sources.slice(1).map((fd) => [fd, readlinkSync(`/proc/self/fd/${fd}`)]));
    const expected = (stdio: number[]): Record<string, unknown> => {
      const entries = stdio.map((fd, index) => [index, ours.get(fd) ?? (index < 3 ? '/dev/null' : undefined)]);
      return Object.fromEntries(entries.filter(([, target]) => target !== undefined)) as Record<string, unknown>;
    };
    const check = (stdio: number[]): void => {
      expect(look({ stdio }, fdsOf)).toEqual(expected(stdio));
    };
    check([2, 1, 0]);
    check([-1, -1, -1]);
    const [a = -1, b = -1] = files;
    check([a, a, a]);
    check([b, a, b, a, b]);
    // Go beyond the numbers of the sources, so that each may be in the way of another.
    const stdio = fc.array(fc.constantFrom(...sources), { minLength: 3, maxLength: Math.max(...files) + 5 });
    fc.assert(fc.property(stdio, check), { numRuns: starts(60) });
  });

  test('has blocking standard streams; others stay as they are', () => {
    const fifo = join(directory, 'fifo');
    makeFifo(fifo);
    const fds = [0, 1, 2, 3].map(() => open('fifo', fsConstants.O_RDWR | fsConstants.O_NONBLOCK));
    const nonBlocking = look({ stdio: fds }, (pid) =>
      [0, 1, 2, 3].map((fd) => (openFlags(pid, fd) & fsConstants.O_NONBLOCK) !== 0),
    );
    expect(nonBlocking).toEqual([false, false, false, true]);
  });

  test('reads and writes /dev/null where it was given nothing', () => {
    const modes = look({}, (pid) => [0, 1, 2].map((fd) => openFlags(pid, fd) & 3));
    expect(modes).toEqual([fsConstants.O_RDONLY, fsConstants.O_RDWR, fsConstants.O_RDWR]);
  });

  test('is in the session of its parent, or in one of its own', () => {
    expect(look({}, sessionOf)).toBe(sessionOf('self'));
    look({ detached: true }, (pid) => expect(sessionOf(pid)).toBe(String(pid)));
  });

  test('is in the working directory that it was given', () => {
    expect(look({ cwd: directory }, (pid) => readlinkSync(`/proc/${pid}/cwd`))).toBe(directory);
    expect(look({}, (pid) => readlinkSync(`/proc/${pid}/cwd`))).toBe(process.cwd());
  });
});

describeIf('root', 'a child of another user', () => {
  const ids = (options: Partial<CloneOptions>): (string | undefined)[] =>
    whileRunning({ starter: STARTER, ...options }, (pid) => {
      const { Uid, Gid, Groups } = statusOf(pid);
      return [Uid, Gid, Groups].map((text) => text?.replaceAll('\t', ' '));
    });
  const all = (id: number): string => Array(4).fill(id).join(' ');

  test('has the ids that it was given, and loses the groups of its parent', () => {
    // Not process.getgroups(), which adds the gid.
    const groups = (statusOf(process.pid)['Groups'] ?? '').split(' ').filter(Boolean).map(Number);
    process.setgroups?.([5, 6]);
    try {
      expect(ids({})).toEqual([all(0), all(0), '5 6']);
      expect(ids({ uid: NOBODY })).toEqual([all(NOBODY), all(0), '']);
      expect(ids({ gid: NOBODY })).toEqual([all(0), all(NOBODY), '']);
      expect(ids({ uid: NOBODY, gid: 1 })).toEqual([all(NOBODY), all(1), '']);
      expect(ids({ uid: NOBODY, gid: 1, groups: [2, 3] })).toEqual([all(NOBODY), all(1), '2 3']);
      expect(ids({ groups: [4] })).toEqual([all(0), all(0), '4']);
      expect(ids({ groups: [] })).toEqual([all(0), all(0), '']);
    } finally {
      process.setgroups?.(groups);
    }
  });

  test('leaves its parent as it was', () => {
    ids({ uid: NOBODY, gid: NOBODY });
    expect(faults.call('prctl', PR_GET_DUMPABLE)).toBe(1);
    expect(statSync('/proc/self/mem').uid).toBe(0);
    expect(process.getuid?.()).toBe(0);
    expect(process.getgid?.()).toBe(0);
    for (const status of threadStatuses()) expect(status).toMatch(/^Uid:\t0\t0\t0\t0$/m);
  });

  test('is refused while memory is shared, which would be opened to that user', () => {
    for (const id of [{ uid: NOBODY }, { gid: NOBODY }, { uid: 0 }]) {
      expect(() => native.clone(cloneOptions(id))).toThrow(/starter/);
    }
  });
});
