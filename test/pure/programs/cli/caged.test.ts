import { constants } from 'node:os';
import { MemcageError } from '../../../../lib/common/errors/errors';
import { mention, mentionSet } from '../../../../lib/common/errors/words';
import { strict } from '../../../../lib/common/options/accepted-options';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { resolveSettings } from '../../../../lib/process/settings/child-settings';
import type { Values } from '../../../../lib/programs/cli/command';
import { CAGED, cagedOf } from '../../../../lib/programs/cli/commands/run/caged';
import { STALLS, TIMEOUT } from '../../../../lib/programs/cli/commands/run/limits';
import { MEMORY_LIMITS } from '../../../../lib/programs/cli/commands/run/memory';
import { checkCwd } from '../../../../lib/programs/cli/commands/run/root';
import { flagsOf, inFlags } from '../../../../lib/programs/cli/flags';
import { parseWords, readValues } from '../../../../lib/programs/cli/parse-words';
import { inOwnWords, UsageError } from '../../../../lib/programs/cli/usage';
import { explainFailure } from '../../../../lib/start/refusals/explain-failure';
import { checkedOptions } from '../../../../lib/start/request/cage-options';
import type { Stage } from '../../../../types/native';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const { EACCES, EBUSY, EINVAL, ENOENT, ENOSYS, EPERM } = constants.errno;

const OPTIONS = { ...MEMORY_LIMITS, ...CAGED, ...STALLS, ...TIMEOUT };

function requestOf(...words: string[]) {
  const operands = { name: 'command', least: 1, endOptions: true } as const;
  const parsed = parseWords([...words, 'true'], { name: 'run', operands, options: OPTIONS });
  const values = readValues(parsed.given, OPTIONS) as Values<typeof OPTIONS>;
  return cagedOf(OPTIONS, values, parsed.operands, flagsOf(OPTIONS, parsed.given));
}

/** Throws what `memcage run` would throw before it starts anything. */
function check(words: readonly string[]): void {
  const { cage, child, flags } = requestOf(...words);
  try {
    checkedOptions({ ...cage, ...child, memory: { max: 'max', ...cage.memory } }, strict('spawn', 'spawn'));
  } catch (error) {
    throw inOwnWords(error, flags);
  }
}

testRows(
  'flags as options of the library',
  [
    [[], {}, {}],
    [
      ['-m', '1G', '--swap', '0', '--high=900M', '--low', '1M', '--min', '1M', '--swap-high', 'max', '--zswap', '0'],
      { memory: { max: '1G', swap: '0', high: '900M', low: '1M', min: '1M', swapHigh: 'max', zswap: '0' } },
      {},
    ],
    [
      ['--soft', '1M', '--swappiness', '60', '--no-oom-kill'],
      { memory: { soft: '1M', swappiness: 60, oomKill: false } },
      {},
    ],
    [['--oom-group', '--pids', 'max'], { memory: { oomGroup: true }, pids: 'max' }, {}],
    [['--cpu', '1.5', '--cpu-weight', '50', '--cpu-set', '0-2'], { cpu: { max: 1.5, weight: 50, set: '0-2' } }, {}],
    [['--cpu-time', '1.5m'], { cpuTimeMs: 90_000 }, {}],
    [['--stall', '10s'], { stall: { limitMs: 10_000, action: 'kill' } }, {}],
    [['--stall', '10:event'], { stall: { limitMs: 10_000, action: 'event' } }, {}],
    [['--timeout', '500ms', '--kill-signal', 'SIGINT'], {}, { timeout: 500, killSignal: 'SIGINT' }],
    [['--timeout', 'max'], {}, { timeout: 0 }],
    [['--node-heap', 'off'], {}, { nodeHeap: false }],
    [['--node-heap', '64M'], {}, { nodeHeap: '64M' }],
    [['--pid', '--init'], {}, { namespaces: { pid: { init: true } } }],
    [['--init', '--pid', '--uts'], {}, { namespaces: { pid: { init: true }, uts: true } }],
    [['--hostname', 'box', '--uts'], {}, { namespaces: { uts: { hostname: 'box' } } }],
    [['--uid', '1000', '--gid=100'], {}, { uid: 1000, gid: 100 }],
    [
      ['--rlimit', 'nofile=64', '--rlimit', 'core=max', '--rlimit', 'fsize=1M:max', '--nice', '-5'],
      {},
      { rlimits: { nofile: 64, core: 'max', fsize: { soft: '1M', hard: 'max' } }, nice: -5 },
    ],
    [
      ['--no-new-privileges', '--capabilities', 'none'],
      {},
      { privileges: { noNewPrivileges: true, capabilities: [] } },
    ],
    [['--capabilities', 'kill,CAP_CHOWN'], {}, { privileges: { capabilities: ['kill', 'CAP_CHOWN'] } }],
    [['--capabilities', '', '--seccomp', 'default'], {}, { privileges: { capabilities: [], seccomp: 'default' } }],
    [
      [
        '--root',
        '/r',
        '--read-only',
        '--bind',
        '.:/job',
        '--bind',
        '/a:b:/c:ro',
        '--bind',
        '/x:/y:rw',
        '--tmpfs',
        '/tmp',
      ],
      {},
      {
        root: {
          path: '/r',
          readOnly: true,
          binds: [
            { source: '.', target: '/job', readOnly: false },
            { source: '/a:b', target: '/c', readOnly: true },
            { source: '/x', target: '/y', readOnly: false },
          ],
          tmpfs: [{ path: '/tmp' }],
        },
      },
    ],
    [
      ['--tmpfs', '/run:16M', '--hide', '/etc'],
      {},
      { root: { tmpfs: [{ path: '/run', size: '16M' }], hide: ['/etc'] } },
    ],
  ] as const,
  ([words, cage, child]) => {
    expect(requestOf(...words)).toMatchObject({ file: 'true', args: [] });
    const request = requestOf(...words);
    expect([request.cage, request.child]).toEqual([cage, child]);
  },
);

testRows(
  'wrong words, by the name of the flag',
  [
    [['--memory', '0'], /^--memory is a size above 0 such as 512K, 100M or 1.5G, or max for no limit, not '0'$/],
    [['--memory', '12Q'], /^--memory is a size such as 512K, .*, not '12Q'$/],
    [['--high', '1000'], /^--high is at least one page .*, not '1000': did you mean '1000M'/],
    [['--bind', '/data'], /^--bind is SOURCE:TARGET or SOURCE:TARGET:ro.*'\/data'$/],
    [['--bind', '/data:job'], /^--bind is SOURCE:TARGET/],
    [['--bind', '/data:/job:rx'], /^--bind is SOURCE:TARGET/],
    [['--bind', '/a:/x', '--bind', '/b:/x'], /^--bind \/b:\/x needs another target than .*, not '\/x'$/],
    [['--bind', '/a:/'], /^--bind \/a:\/ needs .*--root is the directory that becomes \//],
    [['--tmpfs', 'tmp'], /^--tmpfs is PATH or PATH:SIZE/],
    [['--tmpfs', '/tmp:much'], /^--tmpfs \/tmp:much needs a size above 0 such as .*, not 'much'$/],
    [['--root', '/r', '--tmpfs', '/'], /^--tmpfs is a path below \/ .*--root already says.*, not '\/'$/],
    [['--hide', 'etc'], /^--hide is an absolute path .*, not 'etc'$/],
    [['--root', ''], /^--root is the name of a directory, not ''$/],
    [['--hide', '/proc'], /^--hide is .*\(with --pid there is none\), not '\/proc'$/],
    [['--pids', '0'], /^--pids is an integer from 1 to \d+, or 'max', not '0'$/],
    [['--cpu', '50%'], /not '50%': did you mean 0.5\?$/],
    [['--cpu-time', '5 min'], /not '5 min': did you mean 5m\?$/],
    [['--cpu', 'x'], /^--cpu is a number of processors as in 0.5, or max, not 'x'$/],
    [['--cpu', '0'], /^--cpu is a number of processors .*, not '0'$/],
    [['--cpu-weight', '10001'], /^--cpu-weight is an integer from 1 to 10000, not '10001'$/],
    [['--cpu-set', '2-1'], /^--cpu-set is processors as in .*, not '2-1'$/],
    [['--cpu-time', '5x'], /^--cpu-time is a time of at least 1ms, .* not '5x'$/],
    [['--stall', '10ms:event'], /^--stall is a time of at least 500ms, .* not '10ms:event'$/],
    [['--node-heap', 'big'], /^--node-heap is a size such as 64M, auto, or off, not 'big'$/],
    [['--node-heap', 'max'], /^--node-heap is a size such as 64M, auto, or off, not 'max'$/],
    [['--node-heap', '1K'], /^--node-heap is 'auto', off, or a size of at least 1 MiB .*, not '1K'$/],
    [['--hostname', 'a'.repeat(65)], /^--hostname is 1 to 64 bytes .*, not 'a/],
    [['--nice', '-21'], /^--nice is an integer from -20 to 19, not '-21'$/],
    [['--oom-score-adj', '1001'], /^--oom-score-adj is an integer from -1000 to 1000, not '1001'$/],
    [['--uid', 'root'], /^--uid is an integer from 0 to 2147483647, not 'root': did you mean \$\(id -u root\)\?$/],
    [['--rlimit', 'nofile=2:1'], /^--rlimit nofile\.soft is at most --rlimit nofile\.hard .*, not '2'$/],
    [['--rlimit', 'nofiles=2'], /^Unknown option '--rlimit nofiles': did you mean '--rlimit nofile'\?/],
    [['--rlimit', 'core=unlimited'], /^--rlimit core is a size such as .*, not 'unlimited'$/],
    [['--rlimit', 'nofile=unlimited'], /^--rlimit nofile is an integer .*, or 'max', not 'unlimited'$/],
    [['--rlimit', 'cpu=1', '--rlimit', 'cpu=2'], /^--rlimit cpu is given twice/],
    [['--capabilities', 'fly'], /^--capabilities is names of capabilities.*, not 'fly'$/],
    [
      ['--seccomp', __filename],
      /is no seccomp filter: it is text: "import .*\. Cure: give 'default', or a file of struct sock_filter/,
    ],
    [['--seccomp', '/'], /^--seccomp \/: it is a directory\. Cure: give 'default'/],
    [
      ['--seccomp', '/nonexistent'],
      /^--seccomp \/nonexistent: there is no such file\. Cure: give 'default', or a file of struct sock_filter/,
    ],
    [['--cwd', '/nonexistent'], /^--cwd \/nonexistent: there is no such directory$/],
  ] as const,
  ([words, message]) => {
    const error = thrown(() => check(words));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
  },
);

test('what is checked together with the namespaces', () => {
  expect(() => check(['--hide', '/proc', '--pid'])).not.toThrow();
});

testRows<[stage: Stage, errno: number, path: string, text: string]>(
  'what a start fails with, by the words that were given',
  [
    ['root-source', ENOENT, '/a b', '--bind /a b:/x:ro could not be opened (ENOENT): there is no /a b'],
    ['root-mount', EBUSY, '/tmp', '--tmpfs /tmp:1M could not be mounted'],
    ['root-hide', EACCES, '/etc', '--hide /etc could not be hidden (EACCES)'],
    ['root', ENOENT, '/r', '--root /r could not be taken'],
    ['root-proc', ENOENT, '/proc', '/proc of --root /r could not be mounted'],
    ['root-target', ENOENT, '/u', 'or put it below --tmpfs, where'],
    ['root-read-only', ENOSYS, '', ', or leave out --read-only and :ro'],
    ['cwd', ENOENT, '/none', 'its own root. Cure: --cwd, with'],
    ['init', ENOENT, '/proc/self/exe', 'or --pid, without an init'],
    ['bounding-set', EPERM, 'PR_CAPBSET_DROP', 'refused --capabilities none (EPERM)'],
    ['bounding-set', EPERM, 'PR_CAPBSET_DROP', 'user namespace (--user), or use --no-new-privileges instead'],
    ['nice', EACCES, '', 'refused --nice -5 (EACCES)'],
    ['nice', EACCES, '', 'or a limit --rlimit nice of at least 25'],
    ['rlimits', EINVAL, 'fsize', 'refused --rlimit fsize=1M:2M (EINVAL)'],
    ['hostname', EINVAL, '', 'namespaces could not be set up (hostname): EINVAL'],
  ],
  ([stage, errno, path, text]) => {
    const binds = ['--bind', '/u:/u', '--bind', '/a b:/x:ro', '--tmpfs', '/tmp:1M', '--hide', '/etc'];
    const settings = ['--capabilities', 'none', '--nice', '-5', '--rlimit', 'fsize=1M:2M'];
    const { child, flags } = requestOf('--root', '/r', ...binds, ...settings);
    const context = { cgroup: undefined, namespaces: {}, isLate: false };
    const asked = { root: resolveRoot(child.root, 'spawn'), settings: resolveSettings(child, 'spawn') };
    const { error } = explainFailure({ stage, errno: -errno, path }, { ...context, ...asked });
    expect(inFlags(error, flags)).toContain(text);
  },
);

test('capabilities that are kept are named as they were given', () => {
  const { flags } = requestOf('--capabilities', 'kill');
  const words = mentionSet('privileges.capabilities', 'CAP_KILL');
  expect(inFlags(new MemcageError('ERR_MEMCAGE_SETTING', words), flags)).toBe('--capabilities kill');
});

test('what the command line has no flag for is told as the library says it', () => {
  const { flags } = requestOf();
  expect(inFlags(new MemcageError('ERR_MEMCAGE_SETTING', mention('pages')), flags)).toBe('pages');
  expect(inFlags(new Error('nice'), flags)).toBe('nice');
});

test('an option of one flag is known by its shorter name, and by its parts', () => {
  const { flags } = requestOf();
  const told = (option: string) => inFlags(new MemcageError('ERR_MEMCAGE_SETTING', mention(option)), flags);
  expect(['cpu', 'memory', 'stall.limitMs', 'namespaces.user'].map(told)).toEqual([
    '--cpu',
    '--memory',
    '--stall',
    '--user',
  ]);
});

test('a working directory is looked for where the command begins', () => {
  expect(() => checkCwd('/nonexistent', {})).not.toThrow();
  expect(() => checkCwd(undefined, undefined)).not.toThrow();
  expect(() => checkCwd(__dirname, undefined)).not.toThrow();
  expect(thrown(() => checkCwd(__filename, undefined))).toBeInstanceOf(UsageError);
  expect(() => checkCwd(__filename, undefined)).toThrow(/^--cwd .* is not a directory$/);
});
