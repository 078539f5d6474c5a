import { native } from 'memcage/native';
import { cloneOptions } from '../../support/native/native-child';
import { STARTER } from '../../support/native/starter';
import { openFdCount } from '../../support/processes/fds';
import { childrenOf } from '../../support/processes/processes';
import { bind, inRoot, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

const { CLONE_FS, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS } = native.constants;

const INVALID = { name: 'TypeError', code: 'ERR_MEMCAGE_INVALID_ARGUMENT' };

/** Makes calls that the types forbid. */
const call = (name: keyof typeof native, ...args: unknown[]): unknown =>
  (native[name] as (...given: unknown[]) => unknown)(...args);

describe('options that no function knows', () => {
  testRows<[keyof typeof native, Record<string, unknown>, string]>(
    'are refused, with the one that was meant',
    [
      [
        'clone',
        { ...cloneOptions({}), intoCgroupFD: 3 },
        "'intoCgroupFD' of native.clone: did you mean 'intoCgroupFd'",
      ],
      ['clone', { ...cloneOptions({}), joinFd: [] }, "'joinFd' of native.clone: did you mean 'joinFds'"],
      ['watch', { fd: 0, kind: 'event', end: {} }, "'end' of native.watch"],
      ['pidfdOpen', { pid: process.pid, flags: 0 }, "'flags' of native.pidfdOpen: native.pidfdOpen has pid"],
    ],
    ([name, options, text]) => {
      const before = { fds: openFdCount(), children: childrenOf(process.pid) };
      const { code, message } = thrown(() => call(name, options)) as unknown as Error & { code: string };
      expect({ code, message }).toEqual({
        code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
        message: expect.stringContaining(text) as string,
      });
      expect({ fds: openFdCount(), children: childrenOf(process.pid) }).toEqual(before);
    },
  );

  test('also of functions that are taken from it', () => {
    const { pidfdOpen } = { ...native };
    expect(thrown(() => pidfdOpen({ pid: 1, flags: 0 } as never))).toMatchObject({
      code: 'ERR_MEMCAGE_UNKNOWN_OPTION',
    });
    expect(pidfdOpen.name).toBe('pidfdOpen');
    expect(native.pidfdOpen).toBe(native.pidfdOpen);
  });
});

describe('clone', () => {
  const wrong: [what: string, options: Record<string, unknown>][] = [
    ['a file that is no string', { file: 1 }],
    ['a file with a NUL byte', { file: 'a\0b' }],
    ['args that are no array', { args: 'true' }],
    ['no args at all', { args: [] }],
    ['an arg that is no string', { args: ['true', 1] }],
    ['an arg with a NUL byte', { args: ['true', '\0'] }],
    ['an environment with a NUL byte', { env: ['A=\0'] }],
    ['an environment that is an object', { env: { A: '1' } }],
    ['a cwd that is no string', { cwd: null }],
    ['a cwd with a NUL byte', { cwd: '/\0' }],
    ['no stdio', { stdio: undefined }],
    ['a stdio that is no fd', { stdio: ['pipe'] }],
    ['a stdio that is no integer', { stdio: [0.5] }],
    ['a stdio beyond int', { stdio: [2 ** 31] }],
    ['a stdio that is NaN', { stdio: [Number.NaN] }],
    ['a truthy detached', { detached: 1 }],
    ['negative namespaces', { namespaces: -1 }],
    ['namespaces that are no namespaces', { namespaces: CLONE_FS }],
    ['a hostname that would be ours', { hostname: 'mine' }],
    ['a hostname with a NUL byte', { namespaces: CLONE_NEWUTS, hostname: 'a\0' }],
    ['id maps that would be ours', { idMaps: { uidMap: '0 0 1', gidMap: '0 0 1' } }],
    ['half an id map', { namespaces: native.constants.CLONE_NEWUSER, idMaps: { uidMap: '0 0 1' } }],
    ['an id map that is a string', { namespaces: native.constants.CLONE_NEWUSER, idMaps: '0 0 1' }],
    ['programs for id maps that would be ours', { idMapPrograms: [{ file: '/bin/true', args: [] }] }],
    [
      'two ways to map ids',
      {
        namespaces: native.constants.CLONE_NEWUSER,
        idMaps: { uidMap: '0 0 1', gidMap: '0 0 1' },
        idMapPrograms: [{ file: '/bin/true', args: [] }],
      },
    ],
    [
      'a program for id maps without args',
      { namespaces: native.constants.CLONE_NEWUSER, idMapPrograms: [{ file: 'a' }] },
    ],
    ['programs for id maps that are strings', { namespaces: native.constants.CLONE_NEWUSER, idMapPrograms: ['a'] }],
    ['private mounts that would be ours', { privateMounts: true }],
    ['a /proc for our own pids', { namespaces: CLONE_NEWNS, privateMounts: true, mountProc: true }],
    ['a /proc in our own mounts', { namespaces: CLONE_NEWPID, mountProc: true }],
    ['a /proc that others would see', { namespaces: CLONE_NEWPID | CLONE_NEWNS, mountProc: true }],
    ['a loopback that would be ours', { loopback: true }],
    ['a root that would be ours', { root: inRoot({}).root }],
    ['a root in mounts that others see', { ...inRoot({}), privateMounts: false }],
    ['a root that is no object', { ...inRoot({}), root: '/' }],
    ['a root with a /proc twice', { ...inRoot({}), mountProc: true }],
    ['a root with two working directories', { ...inRoot({}), cwd: '/' }],
    ['a root with the /proc of our own pids', { ...inRoot({ proc: 'new' }), namespaces: CLONE_NEWNS }],
    ['a root with a /proc that is unknown', inRoot({ proc: 'old' as never })],
    ['a root without a path', inRoot({ path: undefined as never })],
    ['an empty root with a path', inRoot({ path: '/', empty: true })],
    ['a hidden file as a directory', inRoot({ hide: ['/etc/passwd/'] })],
    ['a hidden directory above one', inRoot({ hide: ['/etc/passwd/..'] })],
    ['a relative root', inRoot({ path: 'etc' })],
    ['a relative working directory in a root', inRoot({ cwd: 'etc' })],
    ['a relative source', inRoot({ mounts: [bind('etc', '/mnt')] })],
    ['a relative target', inRoot({ mounts: [bind('/etc', 'mnt')] })],
    ['a relative target of a tmpfs', inRoot({ mounts: [tmpfs('mnt')] })],
    ['a relative path to hide', inRoot({ hide: ['etc'] })],
    ['a mount of an unknown kind', inRoot({ mounts: [{ ...tmpfs('/mnt'), kind: 'ramfs' } as never] })],
    ['a bind without a source', inRoot({ mounts: [{ ...bind('/', '/mnt'), from: undefined } as never] })],
    ['a tmpfs without a mode', inRoot({ mounts: [{ ...tmpfs('/mnt'), mode: undefined } as never] })],
    ['a size that is a number', inRoot({ empty: true, emptyOptions: { size: 1 as never, mode: '755' } })],
    ['a program outside without a root', { file: '/bin/true', fileOutside: true }],
    ['a program outside without a path', { ...inRoot({}), file: 'true', fileOutside: true }],
    [
      'a program outside with a seccomp filter',
      { ...inRoot({}), file: '/bin/true', fileOutside: true, seccomp: new Uint8Array(8) },
    ],
    ['a negative uid', { uid: -1, starter: STARTER }],
    ['a uid beyond 32 bits', { uid: 2 ** 32, starter: STARTER }],
    ['a uid with shared memory', { uid: 1 }],
    ['a gid with shared memory', { gid: 1 }],
    [
      'an early seccomp filter with shared memory',
      { noNewPrivs: true, seccomp: new Uint8Array(8), seccompEarly: true },
    ],
    ['groups that are no numbers', { groups: ['root'] }],
    ['a watchdog that never bites', { watchdogMs: 0 }],
    ['a negative watchdog', { watchdogMs: -1 }],
    ['joinFds that are no array', { joinFds: 3 }],
    ['a thawFd that is no number', { thawFd: '3' }],
    ['an intoCgroupFd that is no number', { intoCgroupFd: '/' }],
  ];

  testRows(
    'refuses wrong options and starts nothing',
    wrong,
    ([, options]) => {
      native.clone(cloneOptions({ file: '/nowhere' }));
      const before = { fds: openFdCount(), children: childrenOf(process.pid) };
      expect(thrown(() => call('clone', { ...cloneOptions({}), ...options }))).toMatchObject(INVALID);
      expect({ fds: openFdCount(), children: childrenOf(process.pid) }).toEqual(before);
    },
    { name: ([what]) => what },
  );

  test('takes options that are inherited, but none that all objects have', () => {
    const options = cloneOptions({ file: '/bin/true' });
    Reflect.set(Object.prototype, 'hostname', 'of all');
    try {
      const child = native.clone(Object.create(options) as typeof options);
      if ('stage' in child) throw new Error(child.stage);
      native.reap({ pidfd: child.pidfd });
      native.closeFd({ fd: child.pidfd });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'hostname');
    }
  });

  test('passes on what a getter throws', () => {
    const options = {
      ...cloneOptions({ namespaces: CLONE_NEWNET }),
      get env(): string[] {
        throw new RangeError('from the getter');
      },
    };
    expect(() => native.clone(options)).toThrow(new RangeError('from the getter'));
  });
});

describe('every function', () => {
  const functions = Object.keys(native)
    .filter((name) => typeof native[name as keyof typeof native] === 'function')
    .filter(
      (name) =>
        ![
          ...['eventfdOpen', 'socketPair', 'monotonicNs', 'hurryThread'],
          ...['guardianPid', 'openGuardian', 'dismissGuardian'],
        ].includes(name),
    ) as (keyof typeof native)[];

  testRows('refuses everything but an object with its options', functions, (name) => {
    for (const args of [[], [undefined], [null], [1], ['text'], [{}], [[]]]) {
      expect(thrown(() => call(name, ...args))).toMatchObject(INVALID);
    }
  });

  test('names what it wants', () => {
    expect(thrown(() => call('closeFd', { fd: 'x' }))).toMatchObject({
      message: expect.stringContaining('for fd') as string,
    });
  });

  test('refuses kinds and accesses that it does not know', () => {
    expect(thrown(() => call('watch', { fd: 0, kind: 'file' }))).toMatchObject(INVALID);
    expect(thrown(() => call('openBeneath', { dirFd: 0, path: 'a', access: 'append' }))).toMatchObject(INVALID);
    expect(thrown(() => call('readOpen', { fd: 0, buffer: new Uint16Array(4) }))).toMatchObject(INVALID);
  });
});
