import type { Values } from '../../../../lib/programs/cli/command';
import { type CAGED, cagedOf } from '../../../../lib/programs/cli/commands/run/caged';
import { cwdOf } from '../../../../lib/programs/cli/commands/run/root';
import { inFlags } from '../../../../lib/programs/cli/commands/run/start-error';
import { UsageError } from '../../../../lib/programs/cli/usage';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

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
      { from: '.', to: '/job', readOnly: false },
      { from: '/a:b', to: '/c', readOnly: true },
      { from: '/x', to: '/y', readOnly: false },
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

testRows<[message: string, text: string, option?: string]>(
  'what a start fails with, by the name of the option',
  [
    [
      'root.binds[1]: /a b on /x could not be opened (ENOENT): no',
      '--bind /a b:/x:ro could not be opened (ENOENT): no',
    ],
    ['root.tmpfs[0]: /tmp could not be mounted', '--tmpfs /tmp:1M could not be mounted'],
    ['root.hide[0]: /etc could not be hidden (EACCES)', '--hide /etc could not be hidden (EACCES)'],
    ['root.path: /r could not be taken', '--root /r could not be taken'],
    ['/proc of root.path: /r could not be mounted', '/proc of --root /r could not be mounted'],
    ['or put it below a tmpfs of root.tmpfs, where', 'or put it below a --tmpfs, where'],
    ['its own root (option root). Cure: the option cwd, with', 'its own root. Cure: --cwd, with'],
    ['Expected no value for keepDescendants but', 'Expected no value for --keep but', 'keepDescendants'],
    ['refused privileges.capabilities: none (EPERM)', 'refused --drop-caps (EPERM)'],
  ],
  ([message, text, option]) => {
    const binds = [
      { from: '/u', to: '/u' },
      { from: '/a b', to: '/x', readOnly: true },
    ];
    const root = { path: '/r', binds, tmpfs: [{ path: '/tmp', size: '1M' }], hide: ['/etc'] };
    const error = Object.assign(new Error(message), option !== undefined && { option });
    expect(inFlags(error, root)).toBe(text);
  },
);

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
