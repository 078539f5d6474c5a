import type * as HostModule from '../../../../lib/cgroup/hierarchy/host';
import type { Effect, EffectResult } from '../../../../lib/cgroup/placement/effects';
import { findParent } from '../../../../lib/cgroup/placement/find-parent';
import type * as PlaceModule from '../../../../lib/cgroup/placement/parent-facts';
import type * as SystemdModule from '../../../../lib/cgroup/placement/systemd';
import type { MemcageError } from '../../../../lib/common/errors/errors';
import type { BusFailure } from '../../../../types/native';
import type { Parent } from '../../../../types/parent';
import { thrown } from '../../../support/thrown';

const ROOT = '/sys/fs/cgroup';
const SCOPE = '/system.slice/memcage-1-0.scope';

/** Where this process is. systemd moves it. */
let own: string;
/** The controllers that its scope gives to cgroups below. */
let enabled: string[];

jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({
  ...jest.requireActual<typeof HostModule>('../../../../lib/cgroup/hierarchy/host'),
  processDirectory: () => own,
}));
jest.mock('../../../../lib/cgroup/placement/systemd', () => ({
  ...jest.requireActual<typeof SystemdModule>('../../../../lib/cgroup/placement/systemd'),
  isBootedBySystemd: () => true,
}));
jest.mock('../../../../lib/cgroup/placement/parent-facts', () => ({
  ...jest.requireActual<typeof PlaceModule>('../../../../lib/cgroup/placement/parent-facts'),
  // Only memcage's own scope is usable here.
  readParentFacts: (path: string): PlaceModule.ParentFacts => ({
    path,
    uid: 0,
    readOnly: !path.endsWith(SCOPE),
    unwritable: [],
    isMarked: true,
    type: 'domain',
    controllers: ['memory'],
    enabled,
    pids: [],
    limits: [],
    errors: [],
  }),
}));

const hierarchy = { version: 2, controller: '', mountPoint: ROOT, mountRoot: '/', readOnly: false } as const;
const host: HostModule.Host = {
  version: 2,
  memory: hierarchy,
  memoryElsewhere: [],
  unified: hierarchy,
  freezer: null,
  controllers: {},
};

const taken: BusFailure = {
  step: 'request',
  error: 'org.freedesktop.systemd1.UnitExists',
  message: 'It was already loaded',
};
const late: BusFailure = { step: 'job', error: 'ETIMEDOUT', message: 'No answer in time' };
const started = { controlGroup: SCOPE };
const REFUSED = Object.assign(new Error('EPERM: not allowed'), { code: 'EPERM', errno: -1, syscall: 'write' });

let names: string[];

/** The parent with a systemd that gives this answer to the nth request (from 1). */
function find(answer: (n: number) => EffectResult): Parent {
  const steps: Generator<Effect, Parent, EffectResult> = findParent(host, { systemd: true });
  let step = steps.next();
  while (step.done !== true) {
    if (step.value.do === 'write') {
      step = steps.throw(REFUSED);
      continue;
    }
    if (step.value.do !== 'start-scope') throw new Error(`not expected: ${step.value.do}`);
    names.push(step.value.request.name);
    const given = answer(names.length);
    if (given === started) own = `${ROOT}${SCOPE}`;
    step = steps.next(given);
  }
  return step.value;
}

describe('a scope from systemd', () => {
  beforeEach(() => {
    own = `${ROOT}/system.slice/x.service`;
    names = [];
    enabled = ['memory'];
  });

  test.each([1, 4])('is asked for by another name as long as that is taken (%d)', (times) => {
    const parent = find((n) => (n <= times ? taken : started));
    expect(parent).toEqual({ source: 'systemd', path: `${ROOT}${SCOPE}` });
    expect(names).toHaveLength(times + 1);
    expect(new Set(names).size).toBe(times + 1);
  });

  test.each([
    ['name after name is taken', taken, 5, 'it refused to start a scope: It was already loaded'],
    ['it is not started in time', late, 1, 'it did not start the scope: No answer in time (ETIMEDOUT)'],
  ])('is given up when %s', (_, answer, times, refusal) => {
    const error = thrown(() => find(() => answer));
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_NO_PARENT' });
    expect((error as MemcageError).candidates?.at(-1)).toMatchObject({
      source: 'systemd',
      refusal: expect.stringContaining(refusal) as string,
    });
    expect(names).toHaveLength(times);
  });

  test('that the kernel does not let be used is an error with the call that it refused', () => {
    enabled = [];
    const error = thrown(() => find(() => started));
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_NO_PARENT', errno: -1, syscall: 'write', cause: REFUSED });
    expect((error as MemcageError).candidates?.at(-1)?.refusal).toMatch(/its scope .*: the kernel refused: EPERM/);
  });
});
