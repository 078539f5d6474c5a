// The guests of `npm run test:guest` and `npm run test:matrix`, with one Jest process in each.

/**
 * @typedef {object} Configuration
 * @property {string} name
 * @property {'gate' | 'matrix'} part `gate`: .ci/run has a step for it, or for some of its tests; `matrix`: only in the
 * matrix
 * @property {string[]} guest options of test/guest/run
 * @property {boolean} [bringsNode] the root file system has no Node: use Node 20 as `npm run test:nodes` has it
 * @property {boolean} [prebuilt] the root file system has an older C library: use the package's binaries
 * @property {string[]} [view] the script of test/guest/views that runs Jest, with its arguments
 * @property {string[]} [projects] of jest.config.js
 * @property {string[]} [paths] of the tests, as Jest takes them. Default: all of the projects
 * @property {string[]} [benchmarks] arguments of bench/main.ts, to run that instead
 * @property {string[]} [require] features for which no test may be skipped (test/support/require.ts)
 * @property {string[]} [requireIfHere] the same, if the caller's MEMCAGE_REQUIRE has them: not every developer
 * installs these
 * @property {number} timeoutSeconds of the guest, enough for a busy machine
 */

const whole = ['integration'];
const common = ['linux', 'seccomp', 'stress', 'userns'];
const engines = ['docker', 'podman', 'runc'];
const roomy = ['--memory', '2048', '--swap', '512'];
/** What reads or writes cgroups. Two files of `evidence` are left out: V8's and a browser's take a quarter of the time. */
const cgroupTests = [
  'test/integration/(cgroup|cgroup-v2|events|start/child|start/launch)/',
  'test/integration/cage/([^/]+$|oom/|polling/)',
  'test/integration/cage/evidence/(end-of-owner|evidence|keeper-fails|kills)',
];

// The kernel is a process: the whole suite on each hierarchy, with one processor each.

/** @type {Configuration[]} */
const asProcess = [
  {
    // cgroup v1 with memsw and swap.
    name: 'v1-swap',
    part: 'gate',
    guest: [...roomy, '--cpus', '1', '--cgroup', '1'],
    projects: whole,
    require: [...common, 'root', 'v1', 'hybrid', 'refaults', 'swap', 'swap-accounting', 'no-soft-limit'],
    requireIfHere: engines,
    timeoutSeconds: 3000,
  },
  {
    // Pure cgroup v2, as root, with swap.
    name: 'v2',
    part: 'gate',
    guest: [...roomy, '--cpus', '1'],
    projects: whole,
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting'],
    requireIfHere: engines,
    timeoutSeconds: 3000,
  },
  {
    // cgroup v2 under systemd, as user 1000 with a delegated session and D-Bus.
    name: 'systemd',
    part: 'gate',
    guest: ['--memory', '2048', '--systemd'],
    view: ['user'],
    projects: ['guest-systemd', 'integration'],
    // This user has subordinate ids.
    paths: ['test/guest/systemd/user', 'test/integration/rootless/subordinate'],
    require: [...common, 'subordinate-ids', 'unprivileged-userns'],
    timeoutSeconds: 300,
  },
  {
    // Like `systemd`, but as root, in a scope that is not delegated.
    name: 'systemd-root',
    part: 'gate',
    guest: ['--memory', '2048', '--systemd'],
    view: ['scope'],
    projects: ['guest-systemd'],
    paths: ['test/guest/systemd/root'],
    require: [...common, 'root'],
    timeoutSeconds: 300,
  },
  {
    // cgroup v2 as an ordinary container sees it: nothing can be written.
    name: 'container',
    part: 'gate',
    guest: roomy,
    view: ['container', 'read-only'],
    projects: ['guest-container'],
    paths: ['test/guest/container/read-only'],
    require: ['linux', 'root'],
    timeoutSeconds: 300,
  },
  {
    // cgroup v2 as a privileged container with a private cgroup namespace sees it.
    name: 'container-writable',
    part: 'gate',
    guest: roomy,
    view: ['container', 'writable'],
    projects: ['guest-container'],
    paths: ['test/guest/container/writable'],
    require: [...common, 'root', 'v2'],
    timeoutSeconds: 300,
  },
];

// The proving ground (docs/internals/reliability.md) on other kernels and hierarchies than the host's: what runs in a guest only
// when it is asked for.

/**
 * @param {string[]} paths of the tests
 * @param {string[]} asked variables
 * @returns {(name: string, hierarchy: 'v1' | 'v2', guest?: string[]) => Configuration} `guest`: options of test/guest/run
 */
const provesBy =
  (paths, asked) =>
  (name, hierarchy, guest = []) => ({
    name,
    part: 'matrix',
    guest: [
      ...[...roomy, '--cpus', '1'],
      ...(hierarchy === 'v1' ? ['--cgroup', '1'] : []),
      ...guest,
      ...asked.flatMap((variable) => ['--env', variable]),
    ],
    projects: ['integration'],
    paths,
    require: [...common, 'root', hierarchy],
    timeoutSeconds: 3600,
  });

const proves = provesBy(
  ['test/integration/proving/(faults|kills)'],
  ['MEMCAGE_TEST_FAULTS=100', 'MEMCAGE_TEST_KILLS=40'],
);
const races = provesBy(['test/integration/races/'], ['MEMCAGE_TEST_RACES=1']);

/** @type {Configuration[]} */
const proving = [
  proves('v2-proving', 'v2'),
  // The same as user 1000, to whom the cgroup was delegated.
  proves('v2-proving-user', 'v2', ['--env', 'MEMCAGE_TEST_PLACE_UID=1000']),
  proves('stock-v2-proving', 'v2', ['--kernel', 'cloud']),
  proves('stock-v1-proving', 'v1', ['--kernel', 'bookworm']),
  proves('oldest-v2-proving', 'v2', ['--kernel', 'bullseye']),
  proves('oldest-v1-proving', 'v1', ['--kernel', 'bullseye']),
  races('v2-races', 'v2'),
  races('v2-races-user', 'v2', ['--env', 'MEMCAGE_TEST_PLACE_UID=1000']),
  races('stock-v2-races', 'v2', ['--kernel', 'cloud']),
  races('stock-v1-races', 'v1', ['--kernel', 'bookworm']),
];

// The distribution's own kernels, emulated where there is no KVM: for what another kernel can change, or lacks.

/** @type {Configuration[]} */
const stockKernels = [
  {
    // A small machine, which one test drives out of memory.
    name: 'short-of-memory',
    part: 'gate',
    guest: ['--memory', '512', '--kernel', 'cloud', '--env', 'MEMCAGE_GUEST=1'],
    projects: ['integration'],
    paths: ['test/integration/cgroup-v2/system-oom'],
    require: ['linux', 'root', 'v2', 'guest'],
    timeoutSeconds: 600,
  },
  {
    // cgroup v2 of Linux 6.1: no reset of memory.peak, no memory.swap.peak.
    name: 'old',
    part: 'gate',
    guest: [...roomy, '--kernel', 'bookworm'],
    projects: whole,
    paths: ['test/integration/cage/oom/verdict', 'test/integration/cgroup-v2/(limits|peak|reclaim)'],
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting'],
    timeoutSeconds: 900,
  },
  {
    // The cgroup v2 tests that a kernel as a process can't run, or that need two processors: four storms of 300
    // starts each.
    name: 'v2-machine',
    part: 'matrix',
    guest: [...roomy, '--kernel', 'cloud', '--cpus', '2', '--env', 'MEMCAGE_TEST_STARTS=75'],
    projects: ['integration'],
    paths: ['test/integration/survive/group-kill', 'test/integration/container/views'],
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting', 'machine', 'two-processors'],
    timeoutSeconds: 1800,
  },
  {
    // The ratios of the benchmarks on cgroup v2. Emulation slows down some things more than others; this clock does
    // not.
    name: 'v2-bench',
    part: 'matrix',
    guest: ['--memory', '2560', '--kernel', 'cloud', '--clock', 'instructions'],
    view: ['in-memory', 'true,sleep'],
    benchmarks: ['--quick', 'spawn', 'spawn-paced', 'spawn-1gib', 'many'],
    timeoutSeconds: 1800,
  },
  {
    // The same storms with 1,000 starts.
    name: 'v2-storms',
    part: 'matrix',
    guest: [...roomy, '--kernel', 'cloud', '--cpus', '2', '--env', 'MEMCAGE_TEST_STARTS=250'],
    projects: ['integration'],
    paths: ['test/integration/survive/group-kill'],
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting', 'two-processors'],
    timeoutSeconds: 3000,
  },
  {
    // cgroup v2 of Linux 6.1: everything that reads or writes cgroups.
    name: 'old-v2',
    part: 'matrix',
    guest: [...roomy, '--kernel', 'bookworm'],
    projects: whole,
    paths: [...cgroupTests, 'test/integration/security/attacks'],
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting'],
    timeoutSeconds: 3600,
  },
  {
    // cgroup v2 of the oldest kernel that memcage supports, Linux 5.10: no cgroup.kill, memory.peak or memory.reclaim.
    name: 'oldest-v2',
    part: 'matrix',
    guest: [...roomy, '--cpus', '1', '--kernel', 'bullseye'],
    projects: whole,
    paths: cgroupTests,
    require: [...common, 'root', 'v2', 'swap', 'swap-accounting'],
    timeoutSeconds: 3600,
  },
  {
    // The same on cgroup v1, where memory.use_hierarchy may still be 0.
    name: 'oldest-v1',
    part: 'matrix',
    guest: [...roomy, '--cpus', '1', '--kernel', 'bullseye', '--cgroup', '1'],
    projects: whole,
    paths: [...cgroupTests, 'test/integration/(limits|enforcement|native)/'],
    require: [...common, 'root', 'v1', 'hybrid', 'swap', 'swap-accounting'],
    timeoutSeconds: 3600,
  },
  {
    // The distribution's newest kernel, on cgroup v2. Emulated, the whole suite would take hours.
    name: 'stock-v2',
    part: 'matrix',
    guest: [...roomy, '--cpus', '1', '--kernel', 'cloud'],
    projects: whole,
    paths: cgroupTests,
    require: [...common, 'root', 'v2', 'reclaim', 'swap', 'swap-accounting'],
    timeoutSeconds: 3600,
  },
  {
    // The same on cgroup v1. Debian's newer kernels have no v1 memory controller.
    name: 'stock-v1',
    part: 'matrix',
    guest: [...roomy, '--cpus', '1', '--kernel', 'bookworm', '--cgroup', '1'],
    projects: whole,
    paths: [...cgroupTests, 'test/integration/bad-input/tiny-limits'],
    require: [...common, 'root', 'v1', 'hybrid', 'refaults', 'swap', 'swap-accounting'],
    timeoutSeconds: 3600,
  },
];

// Other distributions, from their process 1 on, under a kernel that is a process: for what another systemd can
// change.

/** @type {{ suite: string, prebuilt?: boolean }[]} */
const suites = [{ suite: 'bookworm', prebuilt: true }, { suite: 'forky' }, { suite: 'sid' }];

/** @type {Configuration[]} */
const distributions = suites.flatMap(({ suite, prebuilt = false }) => [
  {
    name: `${suite}-systemd`,
    part: 'matrix',
    guest: ['--memory', '2048', '--systemd', '--root', suite],
    bringsNode: true,
    prebuilt,
    view: ['user'],
    projects: ['guest-systemd'],
    paths: ['test/guest/systemd/user'],
    require: common,
    timeoutSeconds: 600,
  },
  {
    name: `${suite}-systemd-root`,
    part: 'matrix',
    guest: ['--memory', '2048', '--systemd', '--root', suite],
    bringsNode: true,
    prebuilt,
    view: ['scope'],
    projects: ['guest-systemd'],
    paths: ['test/guest/systemd/root'],
    require: [...common, 'root'],
    timeoutSeconds: 600,
  },
]);

/** @type {Configuration[]} */
export const configurations = [...asProcess, ...proving, ...stockKernels, ...distributions];
