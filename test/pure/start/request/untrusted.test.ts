import type { Surroundings } from '../../../../lib/start/request/untrusted';
import { withUntrusted } from '../../../../lib/start/request/untrusted';
import { testRows } from '../../../support/rows';

const ROOT: Surroundings = {
  ids: { uid: 7, gid: 7 },
  hasFilter: true,
  system: ['/usr', '/bin'],
  path: '/opt/tools:relative:/usr/bin',
  hardLimit: () => Number.POSITIVE_INFINITY,
  cage: undefined,
  isProgram: (path) =>
    ['/opt/tools/tool', '/opt/tools/sh', '/usr/bin/sh', '/srv/a.out', '/own/bin/tool'].includes(path),
};
const USER: Surroundings = { ...ROOT, ids: undefined };
const CAGE = { isPolled: false, hasMemoryLimit: true, rlimits: {}, hasOomScoreAdj: false };
const LIMITED = { memory: '64M' };
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';
const MIB = 1024 * 1024;
const shown = (path: string): object => ({ source: path, target: path, readOnly: true });

type Given = Readonly<Record<string, unknown>>;
/** The options are data, whatever their types. */
const spelled = (given: Given, around = ROOT, file?: string): Record<string, never> =>
  withUntrusted({ ...LIMITED, ...given }, file, around) as Record<string, never>;
const thrown = (given: Given, around: Surroundings): unknown => {
  try {
    return withUntrusted(given, undefined, around);
  } catch (error) {
    return error;
  }
};

test('what it stands for', () => {
  expect(spelled({})).toEqual({
    memory: '64M',
    pids: 64,
    cpuTimeMs: 60_000,
    timeout: 60_000,
    killSignal: 'SIGKILL',
    oomScoreAdj: 1000,
    enforce: 'kernel',
    ipcHandles: false,
    uid: 7,
    gid: 7,
    cwd: '/tmp',
    env: { PATH, HOME: '/tmp', LANG: 'C.UTF-8' },
    rlimits: { core: 0, fsize: 64 * MIB, nofile: 256, memlock: 0, msgqueue: 0 },
    privileges: { noNewPrivileges: true, capabilities: [], seccomp: 'default' },
    namespaces: { pid: { init: true }, net: true, ipc: true, cgroup: true, uts: { hostname: 'untrusted' } },
    root: {
      readOnly: true,
      tmpfs: ['/', { path: '/tmp', size: 64 * MIB }],
      binds: [shown('/usr'), shown('/bin')],
      hide: ['/proc/sys/kernel', '/dev/tty'],
    },
  });
});

test('without root a user namespace, whose root the init is', () => {
  const { namespaces, uid } = spelled({}, USER);
  expect([namespaces, uid]).toEqual([expect.objectContaining({ user: { uid: 0, gid: 0 } }), undefined]);
});

test('what it says nothing of may be null, as in Node', () => {
  expect(spelled({ encoding: null })).toEqual({ ...spelled({}), encoding: null });
});

testRows<[given: Given, expected: object]>(
  'what the caller gives wins, and the rest stays',
  [
    [{ pids: 100 }, { pids: 100, cpuTimeMs: 60_000 }],
    [{ timeout: 0 }, { timeout: 0 }],
    [{ uid: 1000 }, { uid: 1000, gid: 7 }],
    [{ env: { A: '1' } }, { env: { A: '1' } }],
    [{ cwd: '/job' }, { cwd: '/job' }],
    [{ enforce: 'kernel' }, { enforce: 'kernel' }],
    [{ rlimits: { nofile: 9 } }, { rlimits: { core: 0, fsize: 64 * MIB, nofile: 9, memlock: 0, msgqueue: 0 } }],
    [
      { privileges: { capabilities: ['kill'] } },
      { privileges: { noNewPrivileges: true, capabilities: ['kill'], seccomp: 'default' } },
    ],
    [{ namespaces: { net: false } }, { namespaces: expect.objectContaining({ net: false, ipc: true }) }],
    [
      { root: { readOnly: false } },
      { root: expect.objectContaining({ readOnly: false, binds: [shown('/usr'), shown('/bin')] }) },
    ],
    // For the check of that option to refuse.
    [{ root: 1 }, { root: 1 }],
    [{ root: { binds: 1 } }, { root: expect.objectContaining({ binds: 1 }) }],
    [{ namespaces: 'net' }, { namespaces: 'net' }],
  ],
  ([given, expected]) => {
    expect(spelled(given)).toMatchObject(expected);
  },
);

test.each([undefined, null])('what Node takes for not given stays as `untrusted` has it: %s', (unset) => {
  const names = ['timeout', 'killSignal', 'cwd', 'env', 'uid', 'gid'];
  expect(spelled(Object.fromEntries(names.map((name) => [name, unset])))).toEqual(spelled({}));
});

test.each([false, '', 0])('nor does `env: %j` stand for all variables of this process, as in Node', (env) => {
  expect(spelled({ env })).toEqual(spelled({}));
});

test('entries of the root come first, and instead of one at the same path', () => {
  const bind = { source: '/srv/job', target: '/job' };
  const own = { source: '/srv/usr', target: '/usr/', readOnly: true };
  const { root } = spelled({
    root: { binds: [bind, own], tmpfs: [{ path: '/tmp', size: '1M' }, '/var'], hide: ['/usr/src'] },
  });
  expect(root).toEqual({
    readOnly: true,
    tmpfs: [{ path: '/tmp', size: '1M' }, '/var', '/'],
    binds: [bind, own, shown('/bin')],
    hide: ['/usr/src', '/proc/sys/kernel', '/dev/tty'],
  });
});

test('another root has programs of its own', () => {
  const { root } = spelled({ root: { path: '/srv/image' } }, ROOT, '/srv/a.out');
  expect(root).toMatchObject({ path: '/srv/image', tmpfs: [{ path: '/tmp' }], binds: [] });
});

testRows<[name: string, file: string, given: Given, bound: string[], path: string | undefined]>(
  'the program is seen',
  [
    ['of the system, although another is before it in PATH', 'sh', {}, [], PATH],
    ['of another directory of PATH', 'tool', {}, ['/opt/tools/tool'], `${PATH}:/opt/tools`],
    ['of a directory of its own PATH', 'tool', { env: { PATH: '/own/bin' } }, ['/own/bin/tool'], '/own/bin'],
    ['by its path', '/srv/a.out', {}, ['/srv/a.out'], PATH],
    [
      'by its path, in what is bound',
      '/srv/a.out',
      { root: { binds: [{ source: '/srv', target: '/srv' }] } },
      ['/srv'],
      PATH,
    ],
    ['by a path that is only inside', '/job/a.out', {}, [], PATH],
    ['relative to a directory inside', './a.out', {}, [], PATH],
    ['by its path in the system', '/usr/bin/sh', {}, [], PATH],
    ['nowhere', 'nothing', {}, [], PATH],
  ],
  ([, file, given, bound, path]) => {
    const { root, env } = spelled(given, ROOT, file) as unknown as {
      root: { binds: { target: string }[] };
      env: { PATH: string };
    };
    expect(root.binds.map(({ target }) => target).filter((target) => target !== '/usr' && target !== '/bin')).toEqual(
      bound,
    );
    expect(env.PATH).toBe(path);
  },
  { name: ([name]) => name },
);

test('limits of resources are no higher than your own', () => {
  const { rlimits } = spelled({}, { ...ROOT, hardLimit: (name) => (name === 'nofile' ? 100 : 1e9) });
  expect(rlimits).toMatchObject({ nofile: 100, core: 0 });
});

describe('in a cage', () => {
  test('the cage limits memory, says what holds it, and keeps its settings', () => {
    const cage = { ...CAGE, rlimits: { nofile: { soft: 9, hard: 9 } }, hasOomScoreAdj: true };
    const { enforce, memory, oomScoreAdj, rlimits } = withUntrusted({}, undefined, { ...ROOT, cage }) as Record<
      string,
      never
    >;
    expect({ enforce, memory, oomScoreAdj, rlimits }).toEqual({
      rlimits: { core: 0, fsize: 64 * MIB, memlock: 0, msgqueue: 0 },
    });
  });
});

testRows<[name: string, given: Given, around: Partial<Surroundings>, code: string, option: string]>(
  'refuses what would leave a part out',
  [
    ['no limit of memory', {}, {}, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
    ['nor in the cage', {}, { cage: { ...CAGE, hasMemoryLimit: false } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
    ['polled', { ...LIMITED, enforce: 'polled' }, {}, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'enforce'],
    ['in a polled cage', LIMITED, { cage: { ...CAGE, isPolled: true } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'enforce'],
    ['to outlive this process', { ...LIMITED, detached: true }, {}, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'detached'],
    [
      'to leave some behind',
      { ...LIMITED, keepDescendants: true },
      {},
      'ERR_MEMCAGE_INVALID_ARGUMENT',
      'keepDescendants',
    ],
    ['no filter', LIMITED, { hasFilter: false }, 'ERR_MEMCAGE_UNSUPPORTED', 'untrusted'],
  ],
  ([, given, around, code, option]) => {
    expect(thrown(given, { ...ROOT, ...around })).toMatchObject({ code, option });
  },
  { name: ([name]) => name },
);

test('a filter of your own does on any architecture', () => {
  const privileges = { seccomp: new Uint8Array(8) };
  expect(spelled({ privileges }, { ...ROOT, hasFilter: false })).toMatchObject({ privileges });
});
