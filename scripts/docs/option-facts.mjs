// What docs/reference/options.md says of each option that its type does not: its place on the page, what it does in at most
// eight words, which page explains it, and where it is held.

/** Names that stand for several functions. */
export const FAMILIES = {
  '*Sync': ['spawnSync', 'execFileSync', 'execSync'],
  'cage.*': ['cage.spawn', 'cage.fork', 'cage.exec', 'cage.execFile', 'cage.run'],
  'budget.*': ['budget.spawn', 'budget.fork', 'budget.run'],
};

/** Words that stand for functions which take much the same options. */
export const GROUPS = {
  'every start': [
    ...['spawn', 'fork', 'exec', 'execFile', 'run', 'whyUnsupported'],
    ...['createLauncher', 'createWarmPool', 'createProcessor'],
    ...Object.values(FAMILIES).flat(),
  ],
  'every cage': ['createCage', 'perChild', 'cage.setLimits', 'createBudget', 'budget.contain'],
};

/** Options of Node's, whose types alone are memcage's, unless a row below names the function. */
export const NODES = ['stdio', 'encoding'];

const NOT_V1 = { v1: '✗' };
const NOT_V2 = { v2: '✗' };
const V1_ALONE = { v2: '✗', polled: '✗' };
const V2_ALONE = { v1: '✗', polled: '✗' };
/** A cage that is polled refuses it. */
const KERNEL = { polled: '✗' };
/** How limits are held plays no part. */
const ANYWHERE = { v1: '', v2: '', polled: '' };
const TEST_RUNNERS = { of: ['caged'], page: 'test-runners.md' };
const RESERVE = { of: ['budget.reserve'], page: 'budget.md' };

/**
 * The tables, each with a page for its rows. A row is the option's path, what it does, and what is not as usual: `v1`, `v2` and
 * `polled` are ✓; `linux`, what it needs beyond the Linux that memcage needs; `of`, the functions, where others take an option
 * with the same name for something else; `isShort`, that the words of the type up to the first comma are enough of a default.
 */
export const TABLES = [
  {
    title: 'Limits',
    page: 'limits.md',
    rows: [
      ['memory', 'memory of all processes together', { page: 'limits.md#memory' }],
      ['memory.max', 'hard limit: above it the kernel kills'],
      ['memory.swap', 'swap alone', { ...KERNEL, linux: 'swap accounting', isShort: true }],
      ['memory.swapHigh', 'throttled above this much swap', { ...V2_ALONE, linux: 'swap accounting' }],
      ['memory.zswap', 'compressed memory in zswap', { ...V2_ALONE, linux: '5.19, CONFIG_ZSWAP' }],
      ['memory.high', 'throttled and reclaimed from above it', V2_ALONE],
      ['memory.low', 'reclaimed last below it', V2_ALONE],
      ['memory.min', 'never reclaimed below it', V2_ALONE],
      ['memory.soft', 'pushed back to it when memory is short', V1_ALONE],
      ['memory.swappiness', 'how much to prefer swapping', V1_ALONE],
      ['memory.oomGroup', 'a kill takes all processes', { ...NOT_V1, polled: 'only `true`' }],
      ['memory.oomKill', '`false`: wait at the limit', { ...NOT_V2, polled: 'only `true`' }],
      ['pids', 'processes and threads', { ...KERNEL, page: 'limits.md#processes-and-threads-pids' }],
      ['cpu', 'processors', { ...KERNEL, page: 'limits.md#processors' }],
      ['cpu.max', 'how many', { ...KERNEL, linux: 'CONFIG_CFS_BANDWIDTH' }],
      ['cpu.weight', 'its share when they are short', KERNEL],
      ['cpu.set', 'which it may run on', KERNEL],
      ['cpuTimeMs', 'processor time, then a kill', { ...KERNEL, page: 'limits.md#processor-time' }],
      ['stall', 'how long memory may stop progress', { ...KERNEL, page: 'stall.md' }],
      ['stall.limitMs', 'after how long', KERNEL],
      ['stall.action', 'kill, or only tell', KERNEL],
      ['evidence', 'tells what fills memory', { ...KERNEL, page: 'evidence.md' }],
      ['evidence.dir', 'where to', KERNEL],
      ['evidence.at', 'when', KERNEL],
      ['evidence.heapSnapshot', 'of Node', { ...KERNEL, page: 'evidence.md#heap-snapshots' }],
      ['evidence.extra', 'for that', { ...KERNEL, page: 'evidence.md#heap-snapshots' }],
      ['perChild', 'limits of each child', { ...KERNEL, page: 'limits.md#each-child-of-a-cage' }],
      ['thresholds', "emits 'threshold' at these uses", { ...KERNEL, page: 'events.md' }],
    ],
  },
  {
    title: 'Cage and outcome',
    page: 'spawn.md',
    rows: [
      ['cage', 'shared cage to start in', { page: 'create-cage.md' }],
      ['parent', 'cgroup in which to make the cage', { ...KERNEL, page: 'parent.md' }],
      ['enforce', 'weakest that may hold the limits', { page: 'enforcement.md' }],
      ['keepDescendants', 'what the child leaves lives on', { isShort: true }],
      ['threads', 'whether a worker thread may start', { page: 'contain.md' }],
      ['memoryDetails', 'more counts in the outcome', { polled: '`null`', page: 'outcome.md' }],
      ['input', 'what stdin gets', { page: 'run.md' }],
      ['encoding', 'how to decode stdout and stderr', { of: ['run', 'cage.run', 'budget.run'], page: 'run.md' }],
      ['maxBuffer', 'size of each, then it is killed', { page: 'run.md' }],
      ['reject', '`false`: resolve for any end', { page: 'run.md' }],
    ],
  },
  {
    title: 'Settings of the child',
    page: 'child-settings.md',
    rows: [
      ['nodeHeap', 'JavaScript heap of a Node child', { page: 'node-heap.md' }],
      ['ipcHandles', 'whether the channel of `fork` carries handles', { page: 'child-process.md' }],
      ['oomScoreAdj', 'whom the OOM killer takes first'],
      ['nice', 'priority'],
      ['rlimits', 'setrlimit(2), for each process'],
      ['rlimits.*.soft', 'what is enforced'],
      ['rlimits.*.hard', 'how far soft may be raised'],
      ['rlimits.as', 'address space'],
      ['rlimits.core', 'core file'],
      ['rlimits.cpu', 'processor time, seconds'],
      ['rlimits.data', 'data and heap'],
      ['rlimits.fsize', 'a file that it writes'],
      ['rlimits.locks', 'nothing: Linux ignores it'],
      ['rlimits.memlock', 'locked memory'],
      ['rlimits.msgqueue', 'message queues of the user'],
      ['rlimits.nice', '20 minus the lowest nice'],
      ['rlimits.nofile', 'file descriptors'],
      ['rlimits.nproc', 'processes of the user, not root'],
      ['rlimits.rss', 'nothing: Linux ignores it'],
      ['rlimits.rtprio', 'real-time priority'],
      ['rlimits.rttime', 'real-time processor time, microseconds'],
      ['rlimits.sigpending', 'queued signals of the user'],
      ['rlimits.stack', 'stack'],
    ],
  },
  {
    title: 'Privileges',
    page: 'privileges.md',
    rows: [
      ['untrusted', 'a sandbox', { ...KERNEL, linux: '5.12', page: '../guides/untrusted-code.md' }],
      ['privileges', 'what the child gives up'],
      ['privileges.noNewPrivileges', 'exec never gives more rights'],
      ['privileges.capabilities', 'capabilities to keep'],
      ['privileges.seccomp', 'system calls that are refused'],
    ],
  },
  {
    title: 'Namespaces',
    page: 'namespaces.md',
    rows: [
      ['namespaces', "namespaces of the child's own"],
      ['namespaces.uts', 'host name'],
      ['namespaces.uts.hostname', 'the name itself'],
      ['namespaces.mount', 'mounts'],
      ['namespaces.pid', 'process ids'],
      ['namespaces.pid.init', "memcage's init is pid 1"],
      ['namespaces.ipc', 'System V IPC, message queues'],
      ['namespaces.net', 'network: loopback alone'],
      ['namespaces.cgroup', 'its cage is the root'],
      ['namespaces.time', 'boot and monotonic clocks'],
      ['namespaces.user', 'users and groups'],
      ['namespaces.user.uid', 'uid inside'],
      ['namespaces.user.gid', 'gid inside'],
      ['namespaces.user.subordinate', 'also map subordinate ids'],
    ],
  },
  {
    title: 'Files',
    page: 'files.md',
    rows: [
      ['root', 'files that the child sees'],
      ['root.path', 'directory that becomes `/`', { isShort: true }],
      ['root.readOnly', 'nothing can be written to', { linux: '5.12' }],
      ['root.binds', 'files at other places'],
      ['root.binds.source', 'path outside'],
      ['root.binds.target', 'where the child sees it'],
      ['root.binds.readOnly', "can't be written to"],
      ['root.tmpfs', 'empty directories in memory'],
      ['root.tmpfs.path', 'where the child sees it'],
      ['root.tmpfs.size', 'most that its files may take'],
      ['root.tmpfs.mode', 'permissions'],
      ['root.hide', "paths it can't look into"],
    ],
  },
  {
    title: 'Jobs and pools',
    page: 'budget.md',
    rows: [
      ['concurrency', 'most jobs at a time'],
      ['admit', 'by limits, or by use', { polled: "only `'limits'`", page: 'budget.md' }],
      ['learn', 'learn limits by key', { page: 'learned-limits.md' }],
      ['learn.file', 'where to keep them'],
      ['learn.floor', 'lowest that is learned'],
      ['learn.ceiling', 'highest that is learned'],
      ['key', 'kind of job, to learn by', { page: 'learned-limits.md' }],
      ['priority', 'higher starts first'],
      ['memory', 'room to reserve', RESERVE],
      ['cpu', 'processors to reserve', RESERVE],
      ['pids', 'processes to reserve', RESERVE],
      ['signal', 'ends the wait, or an asked child', { of: ['budget.reserve', 'pool.take', 'pool.ask'] }],
      ['timeout', 'time for an answer or job, ms', { page: 'warm-pool.md' }],
      ['spare', 'children that wait', { of: ['createWarmPool'], page: 'warm-pool.md' }],
      ['spare', 'children that wait', { of: ['createProcessor'], page: 'bullmq.md' }],
      ['maxChildren', 'most children at a time', { page: 'warm-pool.md' }],
      ['maxUses', 'answers of each child', { page: 'warm-pool.md' }],
      [
        'trim',
        'waiting children give back memory',
        { v1: 'partly', polled: 'partly', linux: '5.19', page: 'warm-pool.md' },
      ],
      ['budget', 'jobs wait for room in it', { page: 'bullmq.md' }],
      ['retry', 'once more after a memory kill', { page: 'bullmq.md', isShort: true }],
      ['retry.memory', 'its limit then'],
      ['graceMs', 'time to end by itself', { page: 'bullmq.md' }],
      ['memory', 'limit of each worker of a test runner', TEST_RUNNERS],
      ['total', 'limit of all together', TEST_RUNNERS],
      ['learnFile', 'keeps what test files need', TEST_RUNNERS],
      ['enforce', 'weakest that may hold both', TEST_RUNNERS],
    ],
  },
  {
    title: 'Cgroups',
    page: 'cgroup.md',
    usual: KERNEL,
    rows: [
      ['fields', 'what to read'],
      ['intervalMs', 'between two samples'],
      ['signal', 'ends the loop', { of: ['cgroup.watch'] }],
      ['keepOpen', 'keep files open', { page: 'monitoring.md' }],
      ['local', 'without the cgroups below', { ...NOT_V1, page: 'events.md' }],
      ['pss', 'share of shared pages: slow'],
      ['swappiness', 'what to reclaim first', { ...NOT_V1, linux: '6.12', isShort: true }],
      ['pressure', 'how short memory must be', { page: 'events.md#triggers' }],
      ['thresholdMs', 'stalled this long', { ...NOT_V1, linux: 'CONFIG_PSI', page: 'events.md#triggers' }],
      ['windowMs', 'within this time', { ...NOT_V1, linux: 'CONFIG_PSI', page: 'events.md#triggers' }],
      ['mode', 'events of cgroups below', { ...NOT_V2, page: 'events.md#triggers' }],
      ['threshold', 'use to cross', { ...NOT_V2, page: 'events.md#triggers' }],
      ['of', 'use of what', { ...NOT_V2, page: 'events.md#triggers' }],
      ['cgroups', 'which cgroups to collect', { page: 'monitoring.md' }],
      ['labelNames', 'names of labels', { page: 'monitoring.md' }],
      ['labels', 'labels of a cgroup', { page: 'monitoring.md', isShort: true }],
      ['attributes', 'attributes of a cgroup', { page: 'monitoring.md', isShort: true }],
    ],
  },
  {
    title: 'Machine and metrics',
    note: 'What holds a cage plays no part here.',
    page: 'monitoring.md',
    usual: ANYWHERE,
    rows: [
      ['systemd', 'may ask systemd for a scope', { page: 'parent.md', isShort: true }],
      ['guardian', 'a process ends orphaned cages', { page: '../internals/guardian.md', isShort: true }],
      ['trial', 'run the main job once', { page: 'cli.md', isShort: true }],
      ['dryRun', 'change nothing', { page: 'inventory.md' }],
      ['env', 'environment of the command', { page: 'containers.md' }],
      ['version', 'of cgroups: 1 or 2', { page: 'oci.md' }],
      ['ignore', 'fields not to hold', { page: 'oci.md' }],
      ['register', 'where metrics go'],
      ['prefix', 'before the names of metrics'],
      ['meter', 'makes the instruments'],
    ],
  },
];
