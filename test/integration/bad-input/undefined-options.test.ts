import childProcess from 'node:child_process';
import { once } from 'node:events';
import {
  type Budget,
  createBudget,
  createCage,
  createLauncher,
  createWarmPool,
  exec,
  execFile,
  execFileSync,
  execSync,
  fork,
  prepare,
  run,
  type SharedCage,
  spawn,
  spawnSync,
  whyUnsupported,
} from 'memcage';
import { Cgroup, readMany } from 'memcage/cgroup';
import { collectGarbage, diagnose } from 'memcage/machine';
import { limitsFromOci } from 'memcage/oci';
import { observeCgroups } from 'memcage/otel';
import { collectBudgets, collectCgroups } from 'memcage/prometheus';
import { expectNothingLeft } from '../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { childrenOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

// Not imported: that would be another copy.
const replacement = require('memcage/child_process') as typeof childProcess;

/** What a caller without TypeScript may write. */
type Options = never;

async function refusal(call: () => unknown): Promise<object> {
  try {
    await call();
    return { message: 'it was not refused' };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { name, message, code };
  }
}

const refused = (option: string): object => ({
  name: 'TypeError',
  code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
  message: expect.stringMatching(new RegExp(`^Expected a(n?|ny) .* for ${option} but received undefined`)) as string,
});

describeIf('cgroup', 'an option of memcage that is there, but undefined', () => {
  let cage: SharedCage;
  let budget: Budget;
  let cgroup: Cgroup;
  beforeEach(() => {
    cage = createCage({ memory: '30M' });
    budget = createBudget({ memory: '30M' });
    cgroup = Cgroup.of(process.pid);
  });
  afterEach(async () => {
    cgroup.close();
    await budget.close();
    await cage.close();
  });
  expectNothingLeft(async () => {
    await run('true', [], { memory: '10M' });
    await once(childProcess.spawn('true'), 'close');
  });

  const functions: [string, (options: Options) => unknown, string][] = [
    ['run', (options) => run('true', [], options), 'memory'],
    ['run, its own', (options) => run('true', [], options), 'reject'],
    ['spawn', (options) => spawn('true', options), 'memory'],
    ['fork', (options) => fork('x.js', [], options), 'nodeHeap'],
    ['exec', (options) => exec('true', options), 'pids'],
    ['execFile', (options) => execFile('true', options), 'cpu'],
    ['spawnSync', (options) => spawnSync('true', options), 'memory'],
    ['execSync', (options) => execSync('true', options), 'namespaces'],
    ['execFileSync', (options) => execFileSync('true', options), 'root'],
    ['cage.run', (options) => cage.run('true', options), 'memory'],
    ['cage.spawn', (options) => cage.spawn('true', [], options), 'memory'],
    ['cage.fork', (options) => cage.fork('x.js', options), 'privileges'],
    ['cage.exec', (options) => cage.exec('true', options), 'rlimits'],
    ['cage.execFile', (options) => cage.execFile('true', [], options), 'nice'],
    ['cage.contain', (options) => cage.contain(() => 1, options), 'threads'],
    ['cage.setLimits', (options) => cage.setLimits(options), 'memory'],
    ['createCage', (options) => createCage(options), 'memory'],
    ['createCage, beside a limit', (options) => createCage({ ...(options as object), memory: '9M' }), 'perChild'],
    ['createBudget', (options) => createBudget({ ...(options as object), memory: '9M' }), 'concurrency'],
    ['budget.run', (options) => budget.run('true', [], options), 'memory'],
    ['budget.spawn', (options) => budget.spawn('true', [], options), 'key'],
    ['budget.reserve', (options) => budget.reserve(options), 'memory'],
    ['budget.contain', (options) => budget.contain(() => 1, options), 'memory'],
    ['createWarmPool', (options) => createWarmPool('x.js', [], options), 'memory'],
    ['createWarmPool, its own', (options) => createWarmPool('x.js', [], options), 'maxChildren'],
    ['createLauncher', (options) => createLauncher(options), 'memory'],
    ['prepare', (options) => prepare(options), 'parent'],
    ['whyUnsupported', (options) => whyUnsupported(options), 'root'],
    ['diagnose', (options) => diagnose(options), 'trial'],
    ['collectGarbage', (options) => collectGarbage(options), 'dryRun'],
    ['Cgroup.create', (options) => Cgroup.create('x', options), 'memory'],
    ['readMany', (options) => readMany([], options), 'fields'],
    ['cgroup.watch', (options) => cgroup.watch(options), 'intervalMs'],
    ['cgroup.processes', (options) => cgroup.processes(options), 'pss'],
    [
      'cgroup.addTrigger',
      (options) => cgroup.addTrigger({ ...(options as object), pressure: 'some' } as never),
      'thresholdMs',
    ],
    ['limitsFromOci', (options) => limitsFromOci({}, options), 'version'],
    ['observeCgroups', (options) => observeCgroups(options), 'cgroups'],
    ['collectCgroups', (options) => collectCgroups(options), 'prefix'],
    ['collectBudgets', (options) => collectBudgets({}, options), 'prefix'],
    ...(['spawn', 'fork', 'exec', 'execFile', 'spawnSync', 'execFileSync', 'execSync'] as const).map(
      (name): [string, (options: Options) => unknown, string] => [
        `child_process.${name}`,
        (options) => (replacement[name] as (file: string, options: object) => unknown)('true', options),
        'memory',
      ],
    ),
  ];
  testRows('is refused by every function, and nothing is made', functions, async ([, call, option]) => {
    const before = { fds: openFds(), children: childrenOf(process.pid) };
    for (const options of [{ [option]: undefined }, Object.create({ [option]: undefined })] as Options[]) {
      // What is spread is no longer inherited.
      if (!(option in { ...(options as object) }) && String(call).includes('...')) continue;
      expect(await refusal(() => call(options))).toEqual(refused(option));
    }
    expect(childrenOf(process.pid)).toEqual(before.children);
    await expectNoNewFds(before.fds);
  });

  testRows<[string, object]>(
    'is refused within an option too',
    [
      ['memory.max', { memory: { max: undefined } }],
      ['memory.swap', { memory: { max: '10M', swap: undefined } }],
      ['cpu.max', { cpu: { max: undefined } }],
      ['stall.limitMs', { stall: { limitMs: undefined } }],
      ['namespaces.pid', { namespaces: { pid: undefined } }],
      ['namespaces.uts.hostname', { namespaces: { uts: { hostname: undefined } } }],
      ['namespaces.pid.init', { namespaces: { pid: { init: undefined } } }],
      ['namespaces.user.uid', { namespaces: { user: { uid: undefined } } }],
      ['root.path', { root: { path: undefined } }],
      ['root.binds\\[0\\].readOnly', { root: { binds: [{ source: '/usr', target: '/usr', readOnly: undefined }] } }],
      ['root.tmpfs\\[0\\].size', { root: { tmpfs: [{ path: '/tmp', size: undefined }] } }],
      ['privileges.seccomp', { privileges: { seccomp: undefined } }],
      ['rlimits.nofile', { rlimits: { nofile: undefined } }],
      ['rlimits.nofile.soft', { rlimits: { nofile: { soft: undefined, hard: 5 } } }],
    ],
    async ([option, options]) => {
      expect(await refusal(() => run('true', options as Options))).toEqual(refused(option));
      expect(await refusal(() => whyUnsupported(options))).toEqual(refused(option));
    },
  );

  test("is as if left out if it is Node's", async () => {
    const options = { cwd: undefined, env: undefined, signal: undefined, timeout: undefined };
    expect((await run('true', [], { ...options, memory: '20M' } as Options)).exitCode).toBe(0);
    expect((await budget.run('true', [], { ...options, memory: '20M' } as Options)).exitCode).toBe(0);
    (await budget.reserve({ memory: '9M', signal: undefined } as Options)).release();
  });
});
