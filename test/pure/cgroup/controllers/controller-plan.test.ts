import { controllersFor } from '../../../../lib/cgroup/controllers/controller-name';
import { planControllers } from '../../../../lib/cgroup/controllers/controller-plan';
import type { CageLimits } from '../../../../lib/cgroup/limits/cage-limits';
import { resolveCageLimits } from '../../../../lib/cgroup/limits/resolve-limits';
import { testRows } from '../../../support/rows';

type Given = Parameters<typeof resolveCageLimits>[0];

const resolved = (given: Given): CageLimits => resolveCageLimits(given, 'spawn') as CageLimits;
const files = (given: Given, version: 1 | 2): string[] =>
  planControllers(resolved(given), version).map(({ controller, file, value }) => `${controller} ${file}=${value}`);

testRows<[Given, string[], string[]]>(
  'what is written on v1 and on v2',
  [
    [{ memory: '5M' }, [], []],
    [{ pids: 64 }, ['pids pids.max=64'], ['pids pids.max=64']],
    [{ pids: 'max' }, ['pids pids.max=max'], ['pids pids.max=max']],
    [{ cpu: 1.5 }, ['cpu cpu.cfs_quota_us=150000'], ['cpu cpu.max=150000 100000']],
    [{ cpu: 0.01 }, ['cpu cpu.cfs_quota_us=1000'], ['cpu cpu.max=1000 100000']],
    [{ cpu: 1 / 3 }, ['cpu cpu.cfs_quota_us=33333'], ['cpu cpu.max=33333 100000']],
    [{ cpu: Number.POSITIVE_INFINITY }, ['cpu cpu.cfs_quota_us=-1'], ['cpu cpu.max=max 100000']],
    [{ cpu: { weight: 100 } }, ['cpu cpu.shares=1024'], ['cpu cpu.weight=100']],
    [{ cpu: { weight: 1 } }, ['cpu cpu.shares=10'], ['cpu cpu.weight=1']],
    [{ cpu: { weight: 10_000 } }, ['cpu cpu.shares=102400'], ['cpu cpu.weight=10000']],
    [{ cpu: { set: '2,0-1' } }, ['cpuset cpuset.cpus=0-2'], ['cpuset cpuset.cpus=0-2']],
    [{ cpu: {} }, [], []],
  ],
  ([given, v1, v2]) => {
    expect([files(given, 1), files(given, 2)]).toEqual([v1, v2]);
  },
);

test.each([1, 2] as const)('each write on v%i names the option that it comes from', (version) => {
  const limits = resolved({ pids: 5, cpu: { max: 1, weight: 2, set: '0' } });
  expect(planControllers(limits, version).map(({ option }) => option)).toEqual([
    'pids',
    'cpu.max',
    'cpu.weight',
    'cpu.set',
  ]);
});

testRows<[Given, string[], string[], string[]]>(
  'no more controllers than needed: v1 without and with the unified hierarchy, v2',
  [
    [{ memory: '5M' }, [], [], []],
    [{ pids: 64 }, ['pids'], ['pids'], ['pids']],
    [{ cpu: 1 }, ['cpu', 'cpuacct'], ['cpu'], ['cpu']],
    [
      { cpu: { set: '0' }, pids: 5 },
      ['pids', 'cpu', 'cpuset', 'cpuacct'],
      ['pids', 'cpu', 'cpuset'],
      ['pids', 'cpu', 'cpuset'],
    ],
  ],
  ([given, ...expected]) => {
    const limits = resolved(given);
    const cases = [
      { version: 1, hasUnified: false },
      { version: 1, hasUnified: true },
      { version: 2, hasUnified: true },
    ] as const;
    expect(cases.map((each) => controllersFor(limits, each))).toEqual(expected);
  },
);
