import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { files, makeCgroup } from '../../support/cgroups/cgroup-tree';
import { fixtureResult, startFixture } from '../../support/fixture';
import { faults } from '../../support/native/faults';
import { makeFifo, temporaryDirectory } from '../../support/native/native-child';
import { expectNoNewFds, openFdCount, openFds } from '../../support/processes/fds';
import { endNow } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

const { EBADF, EEXIST, EINVAL, EMFILE, ENOENT, ENOTEMPTY } = os.errno;
const F_GETFD = 1;
const F_GETFL = 3;
const FD_CLOEXEC = 1;

let directory: string;
let dirFd: number;
let fds: string[];

beforeEach(() => {
  fds = openFds();
  directory = temporaryDirectory();
  dirFd = native.openDirectory({ path: directory });
  mkdirSync(join(directory, 'inside'));
  writeFileSync(join(directory, 'file'), 'text');
  writeFileSync(join(directory, 'inside/file'), 'deeper');
});
afterEach(async () => {
  native.closeFd({ fd: dirFd });
  rmSync(directory, { recursive: true });
  await expectNoNewFds(fds);
});

describe('openBeneath', () => {
  testRows(
    'opens for each access, close-on-exec',
    [
      ['read', constants.O_RDONLY],
      ['write', constants.O_WRONLY],
      ['read-write', constants.O_RDWR],
    ] as const,
    ([access, mode]) => {
      const fd = native.openBeneath({ dirFd, path: 'inside/file', access });
      expect(faults.call('fcntl', fd, F_GETFD)).toBe(FD_CLOEXEC);
      expect(faults.call('fcntl', fd, F_GETFL) & 3).toBe(mode);
      native.closeFd({ fd });
    },
  );

  test.each(['directory', 'path'] as const)('opens a %s, close-on-exec, and nothing else', (access) => {
    for (const path of ['inside', '', '.']) {
      const fd = native.openBeneath({ dirFd, path, access });
      expect(faults.call('fcntl', fd, F_GETFD)).toBe(FD_CLOEXEC);
      native.closeFd({ fd });
    }
    expect(thrown(() => native.openBeneath({ dirFd, path: 'file', access }))).toMatchObject({ code: 'ENOTDIR' });
  });

  test('does not create', () => {
    const error = thrown(() => native.openBeneath({ dirFd, path: 'new', access: 'write' }));
    expect(error).toMatchObject({ name: 'Error', code: 'ENOENT', errno: -ENOENT, syscall: 'openat2', path: 'new' });
    expect(existsSync(join(directory, 'new'))).toBe(false);
  });

  test('names the fd that is no directory', () => {
    expect(thrown(() => native.openBeneath({ dirFd: 999, path: 'a', access: 'read' }))).toMatchObject({
      code: 'EBADF',
      errno: -EBADF,
    });
  });
});

describe('no way out', () => {
  const ways = ['../escape', '/escape', '/tmp/escape', 'link/escape', 'inside/../../escape', 'inside/absolute/escape'];
  let outside: string;

  beforeEach(() => {
    outside = temporaryDirectory();
    symlinkSync(outside, join(directory, 'link'));
    symlinkSync('/', join(directory, 'inside/absolute'));
    mkdirSync(join(outside, 'escape'));
  });
  afterEach(() => rmSync(outside, { recursive: true }));

  testRows(
    'for any of the functions',
    [...ways, () => join(outside, 'escape')],
    (way) => {
      const path = typeof way === 'string' ? way : way();
      const calls = [
        () => native.openBeneath({ dirFd, path, access: 'path' }),
        () => native.readBeneath({ dirFd, path }),
        () => native.writeBeneath({ dirFd, path, value: 'x' }),
        () => native.makeDirectory({ dirFd, path: `${path}/new`, mode: 0o755 }),
        () => native.makeDirectory({ dirFd, path, mode: 0o755 }),
        () => native.removeDirectory({ dirFd, path }),
        () => native.listDirectories({ dirFd, path }),
      ];
      for (const call of calls) {
        const { code, syscall } = thrown(call);
        expect(['EXDEV', 'ELOOP', 'ENOTDIR']).toContain(code);
        expect(syscall).toBe('openat2');
      }
      expect(existsSync(join(outside, 'escape'))).toBe(true);
    },
    { name: (way) => (typeof way === 'string' ? way : 'an absolute path') },
  );

  test('by a link as the last component', () => {
    const link = { dirFd, path: 'link' };
    expect(thrown(() => native.openBeneath({ ...link, access: 'directory' }))).toMatchObject({ code: 'ELOOP' });
    expect(thrown(() => native.makeDirectory({ ...link, mode: 0o755 }))).toMatchObject({ code: 'EEXIST' });
    expect(thrown(() => native.removeDirectory(link))).toMatchObject({ code: 'ENOTDIR' });
    expect(thrown(() => native.listDirectories(link))).toMatchObject({ code: 'ELOOP' });
  });

  testRows('or to a directory itself', ['', '.', '..', 'inside/', 'inside/.', 'inside/..'], (path) => {
    const error = { code: 'EINVAL', errno: -EINVAL, path };
    const refusals = [
      thrown(() => native.makeDirectory({ dirFd, path, mode: 0o755 })),
      thrown(() => native.removeDirectory({ dirFd, path })),
    ];
    for (const one of refusals) expect({ ...one, path }).toMatchObject(error);
    expect(existsSync(join(directory, 'inside'))).toBe(true);
  });
});

describe('reading', () => {
  // Characters of several bytes each, so that a chunk ends in the middle of one.
  const huge = '€'.repeat(100_000);

  test('gives a whole file, however long', () => {
    writeFileSync(join(directory, 'huge'), huge);
    expect(native.readBeneath({ dirFd, path: 'huge' })).toBe(huge);
    expect(native.readBeneath({ dirFd, path: 'file' })).toBe('text');
    writeFileSync(join(directory, 'empty'), '');
    expect(native.readBeneath({ dirFd, path: 'empty' })).toBe('');
  });

  test('gives a whole file that the kernel makes in pieces', () => {
    const proc = native.openDirectory({ path: '/proc/self' });
    const lines = native.readBeneath({ dirFd: proc, path: 'smaps' });
    expect(lines.length).toBeGreaterThan(64 * 1024);
    expect(lines).toMatch(/VmFlags:[^\n]*\n$/);
    native.closeFd({ fd: proc });
  });

  test('names what can not be read', () => {
    expect(thrown(() => native.readBeneath({ dirFd, path: 'inside' }))).toMatchObject({
      code: 'EISDIR',
      syscall: 'read',
      path: 'inside',
    });
  });

  test('an open file: from its start, as often as wanted, up to the size of the buffer', () => {
    const fd = native.openBeneath({ dirFd, path: 'file', access: 'read' });
    const small = new Uint8Array(2);
    const large = Buffer.alloc(10, '.');
    expect(native.readOpen({ fd, buffer: small })).toBe(2);
    expect(Buffer.from(small).toString()).toBe('te');
    expect(native.readOpen({ fd, buffer: large })).toBe(4);
    expect(large.toString()).toBe('text......');
    // A view that does not start at the buffer's beginning.
    expect(native.readOpen({ fd, buffer: large.subarray(5, 8) })).toBe(3);
    expect(large.toString()).toBe('text.tex..');
    expect(native.readOpen({ fd, buffer: new Uint8Array(0) })).toBe(0);
    native.closeFd({ fd });
    expect(thrown(() => native.readOpen({ fd: 999, buffer: small }))).toMatchObject({
      code: 'EBADF',
      syscall: 'pread',
    });
  });
});

describe('reading many', () => {
  const read = (options: Partial<Omit<Parameters<typeof native.readMany>[0], 'fds'>> & { fds: number[] }) => {
    const fds = Int32Array.from(options.fds);
    const buffer = options.buffer ?? Buffer.alloc(64, '.');
    const lengths = new Int32Array(fds.length).fill(77);
    const end = native.readMany({ first: 0, ...options, buffer, lengths, fds });
    return { end, lengths: [...lengths], text: Buffer.from(buffer).toString() };
  };

  test('gives one text behind the other, of open files', () => {
    const one = native.openBeneath({ dirFd, path: 'file', access: 'read' });
    const other = native.openBeneath({ dirFd, path: 'inside/file', access: 'read' });
    const buffer = Buffer.alloc(12, '.');
    for (let i = 0; i < 2; i += 1) {
      expect(read({ fds: [one, other], buffer })).toEqual({ end: 2, lengths: [4, 6], text: 'textdeeper..' });
    }
    expect(read({ fds: [one, other], first: 1 }).text).toMatch(/^deeper\.+$/);
    for (const fd of [one, other]) native.closeFd({ fd });
  });

  test('opens beneath directories, and closes again', () => {
    symlinkSync('file', join(directory, 'link'));
    const paths = ['file', 'inside/file', 'nothing', '../escape', 'link', 'inside', 'file'];
    const { lengths, text } = read({ fds: paths.map(() => dirFd), paths });
    const { ENOENT, EXDEV, ELOOP, EISDIR } = os.errno;
    expect(lengths).toEqual([4, 6, -ENOENT, -EXDEV, -ELOOP, -EISDIR, 4]);
    expect(text.slice(0, 14)).toBe('textdeepertext');
    // Only the fd of the directory.
    expect(openFdCount()).toBe(fds.length + 1);
  });

  test('goes on behind one that fails', () => {
    const fd = native.openBeneath({ dirFd, path: 'file', access: 'read' });
    expect(read({ fds: [fd, 999, fd] })).toMatchObject({ end: 3, lengths: [4, -EBADF, 4] });
    native.closeFd({ fd });
  });

  test('stops where the buffer is full: what fills it may be cut off', () => {
    const fd = native.openBeneath({ dirFd, path: 'file', access: 'read' });
    expect(read({ fds: [fd, fd, fd], buffer: Buffer.alloc(9) })).toMatchObject({ end: 2, lengths: [4, 4, 77] });
    expect(read({ fds: [fd, fd], buffer: Buffer.alloc(8) })).toMatchObject({ end: 1, lengths: [4, 77] });
    expect(read({ fds: [fd], buffer: Buffer.alloc(4) })).toMatchObject({ end: 0, lengths: [77] });
    expect(read({ fds: [fd], buffer: Buffer.alloc(0) })).toMatchObject({ end: 0, lengths: [77] });
    expect(read({ fds: [fd], first: 5 })).toMatchObject({ lengths: [77] });
    expect(read({ fds: [] })).toMatchObject({ end: 0 });
    native.closeFd({ fd });
  });

  testRows(
    'refuses wrong arguments',
    [
      ['no Int32Array', { fds: [1] }],
      ['too few lengths', { lengths: new Int32Array(0) }],
      ['too few paths', { paths: [] }],
      ['paths with a NUL byte', { paths: ['a\0b'] }],
      ['a negative first', { first: -1 }],
      ['no buffer', { buffer: undefined }],
    ],
    ([, wrong]) => {
      const right = { fds: Int32Array.of(1), first: 0, buffer: new Uint8Array(9), lengths: new Int32Array(1) };
      expect(thrown(() => native.readMany({ ...right, ...wrong } as never))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    },
  );
});

describe('writing', () => {
  test('replaces nothing but what it writes', () => {
    native.writeBeneath({ dirFd, path: 'file', value: 'TE' });
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('TExt');
    const fd = native.openBeneath({ dirFd, path: 'file', access: 'write' });
    native.writeOpen({ fd, value: 'ab' });
    native.writeOpen({ fd, value: 'cd' });
    native.closeFd({ fd });
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('abcd');
  });

  test('in part only is an error', () => {
    const path = join(directory, 'pipe');
    const { O_RDWR, O_NONBLOCK } = constants;
    makeFifo(path);
    const fd = openSync(path, O_RDWR | O_NONBLOCK);
    const error = thrown(() => native.writeOpen({ fd, value: 'x'.repeat(1 << 20) }));
    expect(error).toMatchObject({ code: 'EIO', syscall: 'write' });
    expect(thrown(() => native.writeOpen({ fd, value: 'x' }))).toMatchObject({ code: 'EAGAIN', syscall: 'write' });
    closeSync(fd);
  });
});

describeIf('cgroup', 'writing to a cgroup', () => {
  test('a refusal has its errno and the path', () => {
    const group = makeCgroup();
    const groupFd = native.openDirectory({ path: group.path });
    try {
      const path = files.limit;
      const error = thrown(() => native.writeBeneath({ dirFd: groupFd, path, value: 'nonsense' }));
      expect(error).toMatchObject({ code: 'EINVAL', errno: -EINVAL, syscall: 'write', path });
      expect(native.listDirectories({ dirFd: groupFd, path: '' })).toEqual([]);
      native.makeDirectory({ dirFd: groupFd, path: 'one', mode: 0o755 });
      native.makeDirectory({ dirFd: groupFd, path: 'one/two', mode: 0o755 });
      expect(native.listDirectories({ dirFd: groupFd, path: '' })).toEqual(['one']);
      expect(native.listDirectories({ dirFd: groupFd, path: 'one' })).toEqual(['two']);
      expect(thrown(() => native.removeDirectory({ dirFd: groupFd, path: 'one' }))).toMatchObject({ code: 'EBUSY' });
      native.removeDirectory({ dirFd: groupFd, path: 'one/two' });
      native.removeDirectory({ dirFd: groupFd, path: 'one' });
    } finally {
      native.closeFd({ fd: groupFd });
      group.remove();
    }
  });
});

describe('directories', () => {
  test('are made, listed without the files, and removed', () => {
    native.makeDirectory({ dirFd, path: 'inside/new', mode: 0o700 });
    native.makeDirectory({ dirFd, path: 'inside/ü', mode: 0o700 });
    expect(native.listDirectories({ dirFd, path: 'inside' }).sort()).toEqual(['new', 'ü']);
    native.removeDirectory({ dirFd, path: 'inside/new' });
    native.removeDirectory({ dirFd, path: 'inside/ü' });
    expect(native.listDirectories({ dirFd, path: 'inside' })).toEqual([]);
  });

  test('more than one read returns', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `directory-with-a-long-name-${index}`);
    for (const name of names) mkdirSync(join(directory, 'inside', name));
    expect(native.listDirectories({ dirFd, path: 'inside' }).sort()).toEqual(names.sort());
  });

  test('refusals name the call and the path', () => {
    const path = 'inside';
    expect(thrown(() => native.makeDirectory({ dirFd, path, mode: 0o755 }))).toMatchObject({
      code: 'EEXIST',
      errno: -EEXIST,
      syscall: 'mkdirat',
      path,
    });
    expect(thrown(() => native.removeDirectory({ dirFd, path }))).toMatchObject({
      code: 'ENOTEMPTY',
      errno: -ENOTEMPTY,
      syscall: 'unlinkat',
      path,
    });
    expect(thrown(() => native.removeDirectory({ dirFd, path: 'file' }))).toMatchObject({ code: 'ENOTDIR' });
    expect(thrown(() => native.openDirectory({ path: '/nowhere' }))).toMatchObject({
      code: 'ENOENT',
      syscall: 'open',
      path: '/nowhere',
    });
  });
});

describe('tryLock', () => {
  test('is one process at a time, until it ends', async () => {
    const fd = native.openBeneath({ dirFd, path: '', access: 'directory' });
    const holder = startFixture('native/lock.js', directory);
    try {
      const [line] = (await once(holder.process.stdout ?? holder.process, 'data')) as [Buffer];
      expect(line.toString()).toBe('true\n');
      expect(native.tryLock({ fd })).toBe(false);
    } finally {
      endNow(holder.pid);
      await holder.end;
    }
    expect(native.tryLock({ fd })).toBe(true);
    expect(native.tryLock({ fd })).toBe(true);
    native.closeFd({ fd });
    expect(thrown(() => native.tryLock({ fd: 999 }))).toMatchObject({ code: 'EBADF', syscall: 'flock' });
  });
});

describe('socketPair', () => {
  test('is connected; one end does not block, both are close-on-exec', () => {
    const [parent, child] = native.socketPair();
    expect([parent, child].map((fd) => faults.call('fcntl', fd, F_GETFD))).toEqual([FD_CLOEXEC, FD_CLOEXEC]);
    const nonBlocking = [parent, child].map((fd) => (faults.call('fcntl', fd, F_GETFL) & constants.O_NONBLOCK) !== 0);
    expect(nonBlocking).toEqual([true, false]);
    native.writeOpen({ fd: parent, value: 'through' });
    const buffer = Buffer.alloc(16);
    expect(buffer.toString('utf8', 0, readSync(child, buffer))).toBe('through');
    for (const fd of [parent, child]) native.closeFd({ fd });
  });
});

describe('a full fd table', () => {
  test('is an error of each call; nothing is left behind, and it works when there is room', async () => {
    const thrown = (syscall: string): unknown => ({ code: 'EMFILE', syscall });
    const failed = (stage: string, path: string, syscall: string): unknown => ({
      stage,
      errno: -EMFILE,
      path,
      syscall,
    });
    expect(await fixtureResult('native/full-fd-table.js', directory)).toEqual({
      'clone, room for 0': failed('watchdog', 'thread', 'epoll_create1'),
      'clone with parent, room for 0': failed('watchdog', 'thread', 'epoll_create1'),
      'startWatcher, room for 0': thrown('epoll_create1'),
      'startWatcher, room for 1': thrown('eventfd'),
      'startWatcher, room for 2': thrown('timerfd_create'),
      'startWatcher, room for many': 'worked',
      'clone, watched, room for 0': failed('clone', '', 'clone3'),
      'clone shuffled, watched, room for 1': failed('stdio', 'fd 1', 'fcntl'),
      'clone with parent, watched, room for 0': failed('parent-death', 'pidfd_open', 'pidfd_open'),
      'eventfdOpen, room for 0': thrown('eventfd'),
      'openBeneath, room for 0': thrown('openat2'),
      'openDirectory, room for 0': thrown('open'),
      'listDirectories, room for 0': thrown('openat2'),
      'makeDirectory, room for 0': thrown('openat2'),
      'pidfdOpen, room for 0': thrown('pidfd_open'),
      'readBeneath, room for 0': thrown('openat2'),
      'socketPair, room for 0': thrown('socketpair'),
      'socketPair, room for 1': thrown('socketpair'),
      'clone with parent, room for many': 'worked',
    });
  });

  test('is the system’s error at the first use of memcage too, and no lack of an addon', () => {
    const command = [
      'ulimit -n 256 && exec "$0" "$1"',
      process.execPath,
      join(__dirname, '../../fixtures/native/first-use.js'),
    ];
    // From version 24 on, Node has an error of its own for a module that it can't look up then.
    const isOwn = Number.parseInt(process.versions.node, 10) >= 24;
    const error = isOwn ? { code: 'ERR_INVALID_PACKAGE_CONFIG' } : { code: 'EMFILE', syscall: 'open' };
    const { stdout } = spawnSync('sh', ['-c', ...command], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({
      first: { name: 'Error', ...error, message: expect.stringMatching(/too many open files/) },
      second: { exitCode: 0 },
    });
  });
});
