import type * as HostModule from '../../../../lib/cgroup/hierarchy/host';
import { foreseenParent } from '../../../../lib/cgroup/placement/default-parent';
import type * as PlaceModule from '../../../../lib/cgroup/placement/parent-facts';
import type * as SystemdModule from '../../../../lib/cgroup/placement/systemd';
import type * as AddonModule from '../../../../lib/common/addon/load-native';
import { thrown } from '../../../support/thrown';

const ROOT = '/sys/fs/cgroup';
const silent = { step: 'connect', error: 'ETIMEDOUT', message: 'No answer in time' };

let now: number;
/** How long each question was allowed to take. */
let allowed: number[];

/** Takes all the time that it may, or less. */
function question(takesMs: number): (options: { timeoutMs: number }) => typeof silent {
  return ({ timeoutMs }) => {
    allowed.push(timeoutMs);
    now += Math.min(takesMs, timeoutMs);
    return silent;
  };
}
let isDelegated: ReturnType<typeof question>;
/** What the kernel refused while a cgroup was looked at. */
let mockRefused: NodeJS.ErrnoException[] = [];

jest.mock('../../../../lib/common/addon/load-native', () => ({
  ...jest.requireActual<typeof AddonModule>('../../../../lib/common/addon/load-native'),
  loadNative: () => ({ guardianPid: () => 0, isDelegated, managerVersion: question(60_000) }),
}));
jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({
  ...jest.requireActual<typeof HostModule>('../../../../lib/cgroup/hierarchy/host'),
  processDirectory: () => `${ROOT}/system.slice/x.service`,
}));
jest.mock('../../../../lib/cgroup/placement/systemd', () => ({
  ...jest.requireActual<typeof SystemdModule>('../../../../lib/cgroup/placement/systemd'),
  isBootedBySystemd: () => true,
}));
jest.mock('../../../../lib/cgroup/placement/parent-facts', () => ({
  ...jest.requireActual<typeof PlaceModule>('../../../../lib/cgroup/placement/parent-facts'),
  readParentFacts: (path: string): PlaceModule.ParentFacts => ({
    path,
    uid: 1000,
    readOnly: false,
    unwritable: [],
    isMarked: false,
    type: 'domain',
    controllers: ['memory'],
    enabled: ['memory'],
    pids: [],
    limits: [],
    errors: mockRefused,
  }),
}));

// Not the root of a hierarchy, nor of a cgroup namespace, whichever these tests are in.
const hierarchy = { version: 2, controller: '', mountPoint: ROOT, mountRoot: '/elsewhere', readOnly: false } as const;
const host: HostModule.Host = {
  version: 2,
  memory: hierarchy,
  memoryElsewhere: [],
  unified: hierarchy,
  freezer: null,
  controllers: {},
};

beforeEach(() => {
  now = 1000;
  allowed = [];
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  jest.spyOn(process as Required<typeof process>, 'geteuid').mockReturnValue(1000);
});
afterEach(() => {
  mockRefused = [];
  jest.restoreAllMocks();
});

test.each([
  ['uses it up', 60_000, [2000, 1]],
  ['takes a part of it', 500, [2000, 1500]],
])(
  'a systemd that does not answer holds up a look for two seconds in all: the first question %s',
  (_, takes, times) => {
    isDelegated = question(takes);
    expect(thrown(() => foreseenParent(host))).toMatchObject({ code: 'ERR_MEMCAGE_NO_PARENT' });
    expect(allowed).toEqual(times);
  },
);

test('what the kernel refused first is the cause, as it is of a start', () => {
  isDelegated = question(0);
  const refusal = Object.assign(new Error('EACCES: permission denied'), {
    errno: -13,
    code: 'EACCES',
    syscall: 'faccessat',
  });
  mockRefused = [refusal, new Error('later')];
  expect(thrown(() => foreseenParent(host))).toMatchObject({ errno: -13, syscall: 'faccessat', cause: refusal });
});
