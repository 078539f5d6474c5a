// The steps of the gate, in the order in which they start, and the tests of the host that do not always run. What is in
// none of them is the matrix's (test/matrix).
import { balance } from '../../scripts/balance.mjs';
import { testsOfNodes } from '../../scripts/tests-of-nodes.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {(context: object) => string[]} command makes the command line, of a plan of ../plan/plan.mjs and what
 * ../main.mjs adds
 * @property {number} minutes its budget. Who adds to a step takes as much away
 * @property {string[]} [when] it runs if one of these is touched (../plan/topics.mjs). Default: always
 * @property {string[]} [after] what must have succeeded before, and runs too if this step runs
 * @property {0 | 1 | 2 | 3} [cores] how many processors it keeps busy; 0 if others need not wait for it, 3 if none may
 * run beside it. Default: 1
 */

const tests = (...folders) => folders.map((folder) => `test/integration/${folder}`);

const CODE = ['code'];
const NATIVE = ['native'];
/** What a version of Node can change: scripts/tests-of-nodes.mjs. */
const NODE = [
  'native',
  'lib/process',
  'lib/start/sync',
  'lib/start/launch',
  'lib/start/contain',
  'lib/start/api',
  'lib/common/addon',
  'lib/jobs/warm-pool',
  'lib/common/event-loop',
  'lib/cage/polling',
  'lib/cage/evidence',
];
NODE.push(...testsOfNodes());
/** What another kernel can change. */
const KERNEL = [
  'native',
  'lib/cage/oom',
  'lib/cage/evidence',
  'lib/cgroup',
  ...tests('cage/oom', 'cgroup', 'cgroup-v2'),
];
const PLACEMENT = [
  'native',
  'lib/cgroup/placement',
  'lib/cgroup',
  'lib/start/doctor',
  ...tests('cgroup/placement', 'rootless'),
];

const guest = (name) => () => ['node', 'test/guest/suites.mjs', name];
/** The tests that the plan has chosen, under a name of its own. */
const guestWith =
  (name, configuration, choose) =>
  ({ tests: chosen, list }) => [
    ...['node', 'test/guest/suites.mjs', '--as', name, configuration, list(name, choose(chosen))],
  ];
const half = (which) => (chosen) => balance(chosen.v2, 2, 'v2')[which];
const sanitizer = (kind) => () => ['nice', '-n', '10', 'node', 'test/sanitize/run.mjs', '--planted', '--gate', kind];

const BUILT = ['build'];
const NODES_HERE = ['build', 'Bun, Deno and other Nodes'];
const IN_GUEST = ['build', 'kernel for the guests'];

/** That the whole may take. */
export const WHOLE_MINUTES = 28;

/** @type {Step[]} */
export const STEPS = [
  { name: 'npm packages', command: () => ['npm', 'ci'], minutes: 1.5 },
  { name: 'Debian packages', command: ({ packages }) => ['scripts/ensure-packages.sh', ...packages], minutes: 1.5 },
  {
    name: 'kernel for the guests',
    command: () => ['test/guest/run', '--', 'true'],
    minutes: 12,
    when: CODE,
    after: ['Debian packages'],
    cores: 0,
  },
  {
    name: 'root file system of Debian 12',
    command: () => ['nice', '-n', '10', 'test/roots/make', 'bookworm'],
    minutes: 2,
    when: ['code', 'package'],
    after: ['Debian packages'],
    cores: 0,
  },
  {
    name: 'Bun, Deno and other Nodes',
    command: () => ['node', 'scripts/nodes.mjs', '--install', '--others', 'bun', 'deno'],
    minutes: 1,
    after: ['npm packages'],
    cores: 0,
  },
  {
    name: 'build',
    // As built, as all that follow would have it.
    command: () => ['env', 'MEMCAGE_AS_BUILT=', 'npm', 'run', 'build:all'],
    minutes: 1.5,
    after: ['npm packages', 'Debian packages'],
    cores: 2,
  },
  { name: 'format, lint, types', command: () => ['npm', 'run', 'lint'], minutes: 3.5, after: BUILT, cores: 2 },
  {
    name: 'pack',
    command: () => ['npm', 'run', 'test:pack'],
    minutes: 1.5,
    when: ['code', 'package', 'arm64'],
    after: BUILT,
    // It makes dist/ anew.
    cores: 3,
  },
  {
    name: 'tests',
    command: ({ tests: { host }, list }) => ['npm', 'test', '--', '--files', list('host', host)],
    minutes: 13.5,
    after: NODES_HERE,
    cores: 2,
  },
  {
    name: 'v2, first half',
    command: guestWith('v2-1', 'v2', half(0)),
    minutes: 9,
    when: CODE,
    after: IN_GUEST,
  },
  { name: 'v2, second half', command: guestWith('v2-2', 'v2', half(1)), minutes: 9, when: CODE, after: IN_GUEST },
  {
    name: 'v1 with swap',
    command: guestWith('v1-swap', 'v1-swap', ({ swap }) => swap),
    minutes: 3,
    when: [...KERNEL, 'lib/cage', ...tests('cage')],
    after: IN_GUEST,
  },
  ...['systemd', 'systemd-root', 'container', 'container-writable'].map((name) => ({
    name: `guest ${name}`,
    command: guest(name),
    minutes: 1,
    when: ['guests', ...PLACEMENT],
    after: IN_GUEST,
  })),
  ...['old', 'short-of-memory'].map((name) => ({
    name: `guest ${name}`,
    command: guest(name),
    minutes: 3.5,
    when: KERNEL,
    after: IN_GUEST,
  })),
  {
    name: 'pure tests on the newest Node',
    command: ({ newest }) => ['npm', 'run', 'test:nodes', '--', newest, '--pure'],
    minutes: 2,
    when: CODE,
    after: NODES_HERE,
  },
  {
    name: 'newest Node',
    command: ({ newest }) => ['npm', 'run', 'test:nodes', '--', newest],
    minutes: 3.5,
    when: NODE,
    after: NODES_HERE,
  },
  {
    name: 'C++ analyzer',
    command: () => ['npm', 'run', 'lint:analyzer'],
    minutes: 2.5,
    when: NATIVE,
    after: ['format, lint, types'],
    cores: 2,
  },
  {
    name: 'fuzzing',
    command: () => ['nice', '-n', '10', 'sh', '-c', 'test/fuzz/run --planted && test/fuzz/run --seconds 10'],
    minutes: 2.5,
    when: ['native', 'fuzz'],
    after: BUILT,
    cores: 2,
  },
  {
    name: 'address sanitizer',
    command: sanitizer('address'),
    minutes: 2,
    when: ['native', 'sanitize'],
    after: BUILT,
  },
  {
    name: 'thread sanitizer',
    command: sanitizer('thread'),
    minutes: 2,
    when: ['native', 'sanitize'],
    after: BUILT,
  },
  {
    name: 'mutants of one file',
    command: () => ['test/mutation/run', '--random'],
    minutes: 1,
    when: ['mutation'],
    after: BUILT,
  },
  {
    name: 'packed tarball',
    command: () => ['npm', 'run', 'test:package'],
    minutes: 2,
    when: ['code', 'package'],
    after: ['pack'],
  },
  {
    name: 'package in Debian 12',
    command: () => ['npm', 'run', 'test:roots', '--', 'bookworm'],
    minutes: 1,
    when: ['code', 'package'],
    after: ['pack', 'root file system of Debian 12'],
  },
  {
    name: 'arm64',
    command: () => ['npm', 'run', 'test:arm64', '--', 'arm64', 'arm64-musl', 'arm64-user'],
    minutes: 3,
    when: ['native', 'arm64'],
    after: ['pack'],
  },
  { name: 'demo', command: () => ['npm', 'run', 'demo'], minutes: 0.5, after: BUILT },
];

/**
 * @typedef {object} Group
 * @property {string} name
 * @property {RegExp} pattern the files
 * @property {string[]} when they run if one of these is touched, or one of the files
 * @property {boolean} [isOfPages] one of them alone runs if a page of docs/ that it names has changed
 */

/** Tests that run on the host only for what they prove. All others always run there. @type {Group[]} */
export const GROUPS = [
  {
    name: 'recipes of unchanged pages',
    pattern: /^test\/integration\/recipes\//,
    when: ['lib/start/api', 'lib/index.ts', 'lib/programs/bullmq'],
    isOfPages: true,
  },
  { name: 'site', pattern: /^test\/integration\/docs\/site\./, when: ['docs'] },
  {
    name: 'BullMQ, Jest, Vitest',
    pattern: /^test\/integration\/programs\/(bullmq|jest|vitest)\//,
    when: [
      'lib/programs/bullmq',
      'lib/bullmq.ts',
      'lib/programs/jest',
      'lib/jest.ts',
      'lib/programs/test-runners',
      'lib/programs/vitest',
      'lib/vitest.ts',
      // What these import runs from here, through lib/index.ts.
      'lib/index.ts',
      'lib/common/errors',
      'lib/common/text',
      'lib/start/api',
      'lib/start/run',
      'lib/jobs/budget',
      'lib/jobs/warm-pool',
      // What they say of a child that was killed.
      'lib/cage/oom',
    ],
  },
  {
    name: 'instruments',
    pattern: /^test\/integration\/(proving\/(planted|overseer|judge|interrupted)|races\/scheduler|suites\/)/,
    when: ['suites', ...tests('proving', 'races')],
  },
];
