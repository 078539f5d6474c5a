// What `npm run test:guest` runs: one guest and one Jest process each, those that take long first.

/**
 * @typedef {object} Configuration
 * @property {string} name
 * @property {string[]} guest options of test/guest/run
 * @property {string[]} [view] the script of test/guest/views that runs Jest, with its arguments
 * @property {string[]} [projects] of jest.config.js
 * @property {string[]} [paths] of the tests, as Jest takes them; without it all of the projects
 * @property {string[]} [benchmarks] instead: arguments of bench/main.ts
 * @property {string[]} [require] what no test may skip (test/support/require.ts)
 * @property {string[]} [requireIfHere] the same where the caller's MEMCAGE_REQUIRE has it: what not every developer installs
 * @property {number} timeoutSeconds of the guest, as much as emulation on a busy machine needs
 */

// The two that run the whole suites have one processor each: two take nearly twice as long to emulate, and there are two.
const whole = ['integration'];
const common = ['linux', 'seccomp', 'stress', 'userns'];

/** @type {Configuration[]} */
export const configurations = [
  {
    // Pure cgroup v2, as root, with swap.
    name: 'v2',
    guest: ['--memory', '2048', '--swap', '512', '--cpus', '1'],
    projects: whole,
    require: [...common, 'root', 'v2', 'swap-accounting'],
    requireIfHere: ['docker', 'podman', 'runc'],
    timeoutSeconds: 4500,
  },
  {
    // cgroup v1 with memsw and swap: Debian's newer kernels have no v1 memory controller.
    name: 'v1-swap',
    guest: ['--memory', '2048', '--swap', '512', '--cpus', '1', '--kernel', 'bookworm', '--cgroup', '1'],
    projects: whole,
    require: [...common, 'root', 'v1', 'hybrid', 'swap-accounting'],
    requireIfHere: ['docker', 'podman', 'runc'],
    timeoutSeconds: 4500,
  },
  {
    // cgroup v2 under systemd, as user 1000 with a delegated session and D-Bus.
    name: 'systemd',
    guest: ['--memory', '2048', '--systemd'],
    view: ['user'],
    projects: ['guest-systemd'],
    paths: ['test/guest/systemd/user'],
    require: common,
    timeoutSeconds: 600,
  },
  {
    // The same as root, in a scope that is not delegated.
    name: 'systemd-root',
    guest: ['--memory', '2048', '--systemd'],
    view: ['scope'],
    projects: ['guest-systemd'],
    paths: ['test/guest/systemd/root'],
    require: [...common, 'root'],
    timeoutSeconds: 600,
  },
  {
    // cgroup v2 as an ordinary container sees it: nothing can be written.
    name: 'container',
    guest: ['--memory', '2048', '--swap', '512'],
    view: ['container', 'read-only'],
    projects: ['guest-container'],
    paths: ['test/guest/container/read-only'],
    require: ['linux', 'root'],
    timeoutSeconds: 600,
  },
  {
    // As a privileged container with a private cgroup namespace sees it.
    name: 'container-writable',
    guest: ['--memory', '2048', '--swap', '512'],
    view: ['container', 'writable'],
    projects: ['guest-container'],
    paths: ['test/guest/container/writable'],
    require: [...common, 'root', 'v2'],
    timeoutSeconds: 600,
  },
  {
    // cgroup v2 of Linux 6.1: no reset of memory.peak, no memory.swap.peak.
    name: 'old',
    guest: ['--memory', '2048', '--swap', '512', '--kernel', 'bookworm'],
    projects: whole,
    paths: [
      'test/integration/cgroup/',
      'test/integration/cage/verdict',
      'test/integration/cgroup-v2/(limits|peak|reclaim)',
    ],
    require: [...common, 'root', 'v2', 'swap-accounting'],
    timeoutSeconds: 900,
  },
  {
    // What needs two processors, or as many starts as on the host.
    name: 'v2-survive',
    guest: ['--memory', '2048', '--swap', '512', '--cpus', '2', '--env', 'MEMCAGE_TEST_STARTS=100'],
    projects: ['integration'],
    paths: ['test/integration/survive/group-kill'],
    require: [...common, 'root', 'v2', 'swap-accounting'],
    timeoutSeconds: 1800,
  },
  {
    // The ratios of the benchmarks on cgroup v2. Emulation does not take the same longer for everything: this clock does.
    name: 'v2-bench',
    guest: ['--memory', '2560', '--clock', 'instructions'],
    view: ['in-memory', 'true,sleep'],
    benchmarks: ['--quick', 'spawn', 'spawn-paced', 'spawn-1gib', 'many'],
    timeoutSeconds: 1800,
  },
  {
    // A small machine, which one test drives out of memory.
    name: 'short-of-memory',
    guest: ['--memory', '512', '--env', 'MEMCAGE_GUEST=1'],
    projects: ['integration'],
    paths: ['test/integration/cgroup-v2/system-oom'],
    require: ['linux', 'root', 'v2', 'guest'],
    timeoutSeconds: 600,
  },
];
