import { constants } from 'node:os';
import { MemcageError } from '../../../../lib/common/errors/errors';
import { mention, mentionSet } from '../../../../lib/common/errors/words';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { resolveSettings } from '../../../../lib/process/settings/child-settings';
import type { Values } from '../../../../lib/programs/cli/command';
import { type CAGED, cagedOf } from '../../../../lib/programs/cli/commands/run/caged';
import { cwdOf } from '../../../../lib/programs/cli/commands/run/root';
import { inFlags } from '../../../../lib/programs/cli/flags';
import { UsageError } from '../../../../lib/programs/cli/usage';
import { explainFailure } from '../../../../lib/start/refusals/explain-failure';
import type { Stage } from '../../../../types/native';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const { EACCES, EBUSY, EINVAL, ENOENT, ENOSYS, EPERM } = constants.errno;

const rootOf = (values: Values<typeof CAGED>) => cagedOf(values, ['true']).child.root;

test('the options of memcage run as the option root', () => {
  expect(rootOf({})).toBeUndefined();
  expect(
    rootOf({
      root: '/srv/root',
      'read-only': true,
      bind: ['.:/job', '/a:b:/c:ro', '/x:/y:rw'],
      tmpfs: ['/tmp', '/run:16M'],
      hide: ['/etc'],
    }),
  ).toEqual({
    path: '/srv/root',
    readOnly: true,
    binds: [
      { source: '.', target: '/job', readOnly: false },
      { source: '/a:b', target: '/c', readOnly: true },
      { source: '/x', target: '/y', readOnly: false },
    ],
    tmpfs: [{ path: '/tmp' }, { path: '/run', size: '16M' }],
    hide: ['/etc'],
  });
});

testRows(
  'wrong words, by the name of the option',
  [
    [{ bind: ['/data'] }, /^--bind is FROM:TO or FROM:TO:ro.*'\/data'$/],
    [{ bind: ['/data:job'] }, /^--bind is FROM:TO/],
    [{ bind: ['/data:/job:rx'] }, /^--bind is FROM:TO/],
    [{ bind: ['/a:/x', '/b:/x'] }, /for --bind \/b:\/x but/],
    [{ bind: ['/a:/'] }, /--root is the directory that becomes \/.* for --bind \/a:\/ but/],
    [{ tmpfs: ['tmp'] }, /^--tmpfs is PATH or PATH:SIZE/],
    [{ tmpfs: ['/tmp:much'] }, /for --tmpfs \/tmp:much but/],
    [{ root: '/r', tmpfs: ['/'] }, /--root already says.* for --tmpfs \/ but/],
    [{ hide: ['etc'] }, /for --hide etc but/],
    [{ root: '' }, /for --root but/],
    [{ hide: ['/proc'] }, /\(with --pid there is none\) for --hide \/proc but/],
    [{ pids: '0' }, /^--pids is an integer from 1 on, or max, not '0'$/],
    [{ cpu: 'x' }, /^--cpu is a number of processors .* not 'x'$/],
    [{ 'cpu-weight': '10001' }, /^--cpu-weight is an integer from 1 to 10000, not '10001'$/],
    [{ 'cpu-set': '2-1' }, /^--cpu-set is a list .* not '2-1'$/],
    [{ 'cpu-time': '5x' }, /^--cpu-time is a time of at least 1ms, .* not '5x'$/],
    [{ stall: '10ms:event' }, /^--stall is a time of at least 500ms, .* not '10ms:event'$/],
    [{ 'node-heap': '1K' }, /^--node-heap is auto, off, or a size of at least 1M, not '1K'$/],
    [{ hostname: 'a'.repeat(65) }, /^--hostname needs 1 to 64 bytes of text$/],
    [{ nice: '-21' }, /for --nice but received -21/],
    [{ 'oom-score-adj': '1001' }, /for --oom-score-adj but received 1001/],
    [{ rlimit: ['nofile=2:1'] }, /at most --rlimit nofile\.hard .* for --rlimit nofile\.soft but/],
    [{ rlimit: ['nofiles=2'] }, /^Unknown option '--rlimit nofiles': did you mean '--rlimit nofile'\?/],
    [{ 'keep-cap': ['fly'] }, /for --keep-cap but received 'fly'/],
    [{ seccomp: __filename }, /for --seccomp but/],
  ],
  ([values, message]) => {
    const error = thrown(() => rootOf(values));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
  },
);

test('what is checked together with the namespaces', () => {
  expect(rootOf({ hide: ['/proc'], pid: true })).toEqual({ hide: ['/proc'] });
});

testRows<[stage: Stage, errno: number, path: string, text: string]>(
  'what a start fails with, by the words that were given',
  [
    ['root-source', ENOENT, '/a b', '--bind /a b:/x:ro could not be opened (ENOENT): there is no /a b'],
    ['root-mount', EBUSY, '/tmp', '--tmpfs /tmp:1M could not be mounted'],
    ['root-hide', EACCES, '/etc', '--hide /etc could not be hidden (EACCES)'],
    ['root', ENOENT, '/r', '--root /r could not be taken'],
    ['root-proc', ENOENT, '/proc', '/proc of --root /r could not be mounted'],
    ['root-target', ENOENT, '/u', 'or put it below a --tmpfs, where'],
    ['root-read-only', ENOSYS, '', ', or leave out --read-only and :ro'],
    ['cwd', ENOENT, '/none', 'its own root. Cure: --cwd, with'],
    ['init', ENOENT, '/proc/self/exe', 'or --pid, without an init'],
    ['bounding-set', EPERM, 'PR_CAPBSET_DROP', 'refused --drop-caps (EPERM)'],
    ['bounding-set', EPERM, 'PR_CAPBSET_DROP', 'user namespace (--user), or use --no-new-privs instead'],
    ['nice', EACCES, '', 'refused --nice -5 (EACCES)'],
    ['nice', EACCES, '', 'or a limit --rlimit nice of at least 25'],
    ['rlimits', EINVAL, 'fsize', 'refused --rlimit fsize=1M:2M (EINVAL)'],
    ['hostname', EINVAL, '', 'namespaces could not be set up (hostname): EINVAL'],
  ],
  ([stage, errno, path, text]) => {
    const given = {
      root: '/r',
      bind: ['/u:/u', '/a b:/x:ro'],
      tmpfs: ['/tmp:1M'],
      hide: ['/etc'],
      'drop-caps': true,
      nice: '-5',
      rlimit: ['fsize=1M:2M'],
    };
    const { child, flags } = cagedOf(given, ['true']);
    const context = { cgroup: undefined, namespaces: {}, isLate: false };
    const asked = { root: resolveRoot(child.root, 'spawn'), settings: resolveSettings(child, 'spawn') };
    const { error } = explainFailure({ stage, errno: -errno, path }, { ...context, ...asked });
    expect(inFlags(error, flags)).toContain(text);
  },
);

test('capabilities that are kept are named as such', () => {
  const { flags } = cagedOf({ 'drop-caps': true, 'keep-cap': ['kill'] }, ['true']);
  const words = mentionSet('privileges.capabilities', 'CAP_KILL');
  expect(inFlags(new MemcageError('ERR_MEMCAGE_SETTING', words), flags)).toBe('--keep-cap CAP_KILL');
});

test('what the command line has no flag for is told as the library says it', () => {
  expect(inFlags(new MemcageError('ERR_MEMCAGE_SETTING', mention('root')), {})).toBe('root');
  expect(inFlags(new Error('nice'), {})).toBe('nice');
});

test('a working directory is looked for where the command begins', () => {
  expect(cwdOf('/nonexistent', {})).toBe('/nonexistent');
  expect(cwdOf(undefined, undefined)).toBeUndefined();
  expect(cwdOf(__dirname, undefined)).toBe(__dirname);
  for (const [cwd, message] of [
    ['', /^--cwd needs/],
    ['/nonexistent', /^--cwd \/nonexistent: ENOENT/],
    [__filename, /^--cwd .* is not a directory$/],
  ] as const) {
    const error = thrown(() => cwdOf(cwd, undefined));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
  }
});
