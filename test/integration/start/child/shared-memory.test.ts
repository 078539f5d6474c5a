import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AncestorsApart } from '../../../../lib/cage/oom/foreign-ancestors';
import { host } from '../../../../lib/cgroup/hierarchy/host';
import type * as Native from '../../../../lib/common/addon/load-native';
// Not imported as a package, since the test looks at what the addon is asked for.
import { type CreateCageOptions, createCage, run, type SpawnOptions, spawn, spawnSync } from '../../../../lib/index';
import type { NativeBinding } from '../../../../types/native';
import {
  ALLOW,
  assemble,
  callNumber,
  errno,
  IF_EQUAL,
  KILL,
  LOAD,
  RETURN,
  refusing,
} from '../../../support/cgroups/bpf';
import { cgroupOf, files, makeCgroup, version, write } from '../../../support/cgroups/cgroup-tree';
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

const UNLIMITED = version === 1 ? '-1' : 'max';

async function isShared(start: () => ReturnType<typeof spawn>): Promise<boolean | undefined> {
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

/** Kills execve(2) with a null pointer in its first argument. */
const LOOKS_AT_ARGUMENT = assemble(
  [LOAD, 0],
  [IF_EQUAL, callNumber('execve'), 0, 3],
  [LOAD, 16],
  [IF_EQUAL, 0, 0, 1],
  [RETURN, KILL],
  [RETURN, ALLOW],
);

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

  testRows<[string, Uint8Array, { noNew: boolean }, boolean]>(
    'but not with a seccomp filter that may kill the child before: the core dump would be of that memory',
    [
      ['one that lets it start', refusing(['mkdir'], errno(1)), { noNew: true }, true],
      ['one that is installed before other steps', refusing(['mkdir'], errno(1)), { noNew: false }, false],
      ['one that looks at an argument of execve', LOOKS_AT_ARGUMENT, { noNew: true }, false],
    ],
    async ([, seccomp, { noNew }, expected]) => {
      const start = () => spawn('true', [], { stdio: 'ignore', privileges: { noNew, seccomp } });
      expect(await isShared(start)).toBe(expected);
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

  test('in a parent elsewhere, but not while that or one above it has a limit', async () => {
    const within = join(group.path, 'within');
    mkdirSync(within);
    if (version === 2) write(group.path, 'cgroup.subtree_control', '+memory');
    expect(await inPrivate({ parent: within })).toBe(true);
    for (const path of [within, group.path]) {
      write(path, files.limit, '1G');
      expect(await inPrivate({ parent: within })).toBe(false);
      write(path, files.limit, UNLIMITED);
      expect(await inPrivate({ parent: within })).toBe(true);
    }
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

  test('not where the cgroup of this process can not be seen', () => {
    const seen = new AncestorsApart(cgroupOf('self'), host());
    expect(seen.endangerOwner()).toBe(false);
    seen.close();
    const { memory } = host();
    const hidden = new AncestorsApart(cgroupOf('self'), { ...host(), memory: { ...memory, mountRoot: '/none' } });
    expect(hidden.endangerOwner()).toBe(true);
    hidden.close();
  });

  describeIf('v1', 'where the OOM killer is off', () => {
    test('in a shared cage too, until it is on again', async () => {
      const cage = createCage({ memory: { max: '50M', oomKill: false } });
      const start = () => isShared(() => spawn('true', [], { cage, stdio: 'ignore' }));
      expect(await start()).toBe(true);
      write(cage.cgroup.path, 'memory.oom_control', '0');
      expect(await start()).toBe(false);
      await cage.close();
    });

    test('in a parent elsewhere with a limit', async () => {
      write(group.path, files.limit, '1G');
      write(group.path, 'memory.oom_control', '1');
      expect(await inPrivate({ parent: group.path })).toBe(true);
    });
  });

  describeIf('v2', 'where the parent is elsewhere', () => {
    test('not if its processes are killed as one group', async () => {
      expect(await inPrivate({ parent: group.path })).toBe(true);
      write(group.path, 'memory.oom.group', '1');
      expect(await inPrivate({ parent: group.path })).toBe(false);
    });
  });
});
