import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { host, ownPath } from '../../../../lib/cgroup/hierarchy/host';
import type * as Native from '../../../../lib/common/addon/load-native';
// Not imported as a package, since the test looks at what the addon is asked for.
import {
  type CreateCageOptions,
  createCage,
  type MemoryReport,
  type Outcome,
  run,
  type SpawnOptions,
  spawn,
  spawnSync,
} from '../../../../lib/index';
import type { NativeBinding } from '../../../../types/native';
import { errno, refusing } from '../../../support/cgroups/bpf';
import { cgroupOf, files, makeCgroup, write } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

/** Whether each child so far was cloned with the memory of this process. */
const mockShared: boolean[] = [];

// The real addon, which starts real children; what it is asked for is noted.
jest.mock('../../../../lib/common/addon/load-native', () => {
  const actual = jest.requireActual<typeof Native>('../../../../lib/common/addon/load-native');
  let native: NativeBinding | undefined;
  return {
    ...actual,
    loadNative() {
      if (native !== undefined) return native;
      const real = actual.loadNative();
      native = {
        ...real,
        clone(options) {
          mockShared.push(options.starter === undefined);
          return real.clone(options);
        },
      };
      return native;
    },
  };
});

async function isShared(start: () => { outcome: Promise<Outcome<MemoryReport | null>> }): Promise<boolean | undefined> {
  mockShared.length = 0;
  expect(await start().outcome).toMatchObject({ exitCode: 0 });
  expect(mockShared).toHaveLength(1);
  return mockShared[0];
}

function inPrivate(options: SpawnOptions = {}): Promise<boolean | undefined> {
  return isShared(() => spawn('true', [], { memory: '8M', stdio: 'ignore', ...options }));
}

async function inShared(options: Partial<CreateCageOptions>, own: SpawnOptions = {}): Promise<boolean | undefined> {
  const cage = createCage({ memory: '50M', ...options });
  try {
    return await isShared(() => spawn('true', [], { cage, stdio: 'ignore', ...own }));
  } finally {
    await cage.close();
  }
}

describeIf('cgroup', 'until exec, a child has the memory of this process', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });
  let group: ReturnType<typeof makeCgroup>;
  beforeEach(() => {
    group = makeCgroup();
  });
  afterEach(() => group.remove());

  test('in no cage', async () => {
    expect(await isShared(() => spawn('true', [], { stdio: 'ignore', namespaces: { uts: true } }))).toBe(true);
  });

  testRows<[string, SpawnOptions]>(
    'but not one whose ids or filter could harm that memory, or for which an older Linux would refuse it',
    [
      ['a uid', { uid: 1 }],
      ['a gid', { gid: 1 }],
      ['a filter', { privileges: { noNewPrivileges: true, seccomp: refusing(['mkdir'], errno(1)) } }],
      ['a time namespace', { namespaces: { time: true } }],
      ['a user namespace', { namespaces: { user: true } }],
    ],
    async ([, options]) => {
      expect(await isShared(() => spawn('true', [], { stdio: 'ignore', ...options }))).toBe(false);
    },
  );

  test('in a private cage', async () => {
    expect(await inPrivate()).toBe(true);
    expect(await inPrivate({ detached: true })).toBe(true);
    expect(spawnSync('true', [], { memory: '8M' }).status).toBe(0);
    expect(mockShared).toEqual([true, true]);
  });

  test('but not in a shared cage, limited or not, nor in a cage within one', async () => {
    expect(await inShared({})).toBe(false);
    expect(await inShared({ memory: { max: Number.POSITIVE_INFINITY } })).toBe(false);
    expect(await inShared({}, { memory: '8M' })).toBe(false);
    const outer = createCage({ memory: '50M' });
    expect(await inShared({ parent: outer.cgroup })).toBe(false);
    await outer.close();
  });

  test('nor in a parent elsewhere', async () => {
    expect(await inPrivate({ parent: group.path })).toBe(false);
  });

  test('in a parent with a limit under which this process is too', async () => {
    const before = cgroupOf('self');
    const own = join(group.path, 'own');
    mkdirSync(own);
    write(group.path, files.limit, '8G');
    write(own, 'cgroup.procs', String(process.pid));
    try {
      expect(await inPrivate({ parent: group.path })).toBe(true);
    } finally {
      write(before, 'cgroup.procs', String(process.pid));
    }
  });

  describeIf('v2', 'whose processes are killed as one group', () => {
    test('nor there', async () => {
      expect(await inPrivate({ memory: { max: '8M', oomGroup: true } })).toBe(false);
    });
  });

  test('nor where the cgroup of this process can not be seen', () => {
    const { memory } = host();
    expect(ownPath(memory)).toBe(cgroupOf('self'));
    expect(ownPath({ ...memory, mountRoot: '/none' })).toBeUndefined();
  });
});
