import * as fc from 'fast-check';
import {
  findHierarchies,
  type Hierarchies,
  type Hierarchy,
  type Location,
  locateProcess,
} from '../../../../lib/cgroup/hierarchy/mounts';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { starts } from '../../../support/children/starts';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const NO_CONTROLLERS = () => '\n';

function hierarchiesOf(host: string, controllers = NO_CONTROLLERS as (mountPoint: string) => string): Hierarchies {
  return findHierarchies(kernelText(`${host}/mountinfo`), controllers);
}

function required(hierarchy: Hierarchy | null): Hierarchy {
  if (hierarchy === null) throw new Error('not mounted');
  return hierarchy;
}

function pathOf(hierarchy: Hierarchy, procCgroup: string): string | null {
  const location = locateProcess(hierarchy, procCgroup);
  return 'path' in location && !('unnamedLevels' in location) ? location.path : null;
}

const ROOT = '22 1 0:20 / / rw - ext4 /dev/vda rw';

function lines(...mounts: string[]): string {
  return [ROOT, ...mounts, ''].join('\n');
}

describe('a hybrid host (this project was written on it)', () => {
  const { memory, unified, freezer } = hierarchiesOf('hybrid');
  const procCgroup = kernelText('hybrid/cgroup');

  it('has memory and freezer on v1', () => {
    expect(memory).toEqual({
      version: 1,
      controller: 'memory',
      mountPoint: '/sys/fs/cgroup/memory',
      mountRoot: '/',
      readOnly: false,
    });
    expect(freezer).toMatchObject({ version: 1, mountPoint: '/sys/fs/cgroup/freezer' });
    expect(unified).toMatchObject({ version: 2, controller: '', mountPoint: '/sys/fs/cgroup/unified' });
  });

  it('has the other controllers, each in its hierarchy', () => {
    const { controllers } = hierarchiesOf('hybrid');
    expect(Object.entries(controllers).map(([name, { mountPoint }]) => [name, mountPoint])).toEqual(
      ['pids', 'cpu', 'cpuset', 'cpuacct'].map((name) => [name, `/sys/fs/cgroup/${name}`]),
    );
  });

  it('places the process in each', () => {
    expect(pathOf(required(memory), procCgroup)).toMatch(/^\/jobs\/[0-9a-f]{16}$/);
    expect(pathOf(required(freezer), procCgroup)).toBe('/');
    expect(pathOf(required(unified), procCgroup)).toBe('/');
  });
});

describe('pure v2 under systemd', () => {
  const controllers = jest.fn(() => kernelText('v2-systemd/cgroup.controllers'));
  const { memory, unified, freezer } = hierarchiesOf('v2-systemd', controllers);

  it('has memory on v2', () => {
    expect(memory).toEqual({
      version: 2,
      controller: '',
      mountPoint: '/sys/fs/cgroup',
      mountRoot: '/',
      readOnly: false,
    });
    expect(unified).toEqual(memory);
    expect(freezer).toBeNull();
    expect(controllers).toHaveBeenCalledWith('/sys/fs/cgroup');
  });

  it('places the process', () => {
    expect(pathOf(required(memory), kernelText('v2-systemd/cgroup'))).toBe(
      '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-2f0c.scope',
    );
  });

  it('has no memory when the controller is not there', () => {
    const without = hierarchiesOf('v2-systemd', () => 'cpuset cpu io memory_like pids\n');

    expect(without.memory).toBeNull();
    expect(without.unified).not.toBeNull();
  });
});

describe('systemd hybrid', () => {
  const controllers = jest.fn(() => 'memory\n');
  const { memory, unified } = hierarchiesOf('systemd-hybrid', controllers);
  const procCgroup = kernelText('systemd-hybrid/cgroup');

  it('has memory on v1, without asking v2', () => {
    expect(memory).toMatchObject({ version: 1, mountPoint: '/sys/fs/cgroup/memory', readOnly: false });
    expect(controllers).not.toHaveBeenCalled();
  });

  it('places the process in each', () => {
    expect(pathOf(required(memory), procCgroup)).toBe('/user.slice/user-1000.slice/session-3.scope');
    expect(pathOf(required(unified), procCgroup)).toBe('/user.slice/user-1000.slice/session-3.scope');
    expect(pathOf({ ...required(memory), controller: 'cpuacct' }, procCgroup)).toBe('/user.slice');
  });
});

describe('Docker on v1, without a cgroup namespace', () => {
  const { memory, freezer, unified } = hierarchiesOf('docker-v1');
  const procCgroup = kernelText('docker-v1/cgroup');

  it('has a read-only mount of the container', () => {
    expect(memory?.readOnly).toBe(true);
    expect(memory?.mountRoot).toMatch(/^\/docker\/[0-9a-f]{64}$/);
    expect(unified).toBeNull();
  });

  it('places the process below the mount', () => {
    expect(pathOf(required(memory), procCgroup)).toBe('/');
    expect(pathOf(required(freezer), procCgroup.replace(/^(12:.*)$/m, '$1/inner'))).toBe('/inner');
  });
});

describe('Docker on v2, in a cgroup namespace', () => {
  const { memory } = hierarchiesOf('docker-v2', () => kernelText('docker-v2/cgroup.controllers'));

  it('is the root, read-only', () => {
    expect(memory).toMatchObject({ version: 2, mountPoint: '/sys/fs/cgroup', readOnly: true });
    expect(pathOf(required(memory), kernelText('docker-v2/cgroup'))).toBe('/');
  });
});

const CONTAINER = 'docker-3b9f1c64d7a258e0c1f4a6b8d2e97053c8a1f6e4b7d09325ae4c8f1b6d3e7a90.scope';
const MEMORY_ON_V2 = () => 'cpu memory pids\n';

/**
 * Recorded in a cgroup two levels (v2) or five levels (v1) below the root, with a sibling process elsewhere
 * (test/fixtures/kernel).
 */
describe('of a process in a container', () => {
  const containers: [string, { root: string; elsewhere?: string[]; self: Location; sibling: Location }][] = [
    ['v2-namespace-private', { root: '/', self: { path: '/' }, sibling: { hidden: 'namespace' } }],
    [
      'v2-namespace-host-mount',
      { root: '/../..', self: { unnamedLevels: 2, path: '/' }, sibling: { path: '/outside/sibling' } },
    ],
    [
      'v2-namespace-parent-mount',
      { root: '/..', self: { unnamedLevels: 1, path: '/' }, sibling: { hidden: 'namespace' } },
    ],
    [
      'v2-namespace-both',
      { root: '/', elsewhere: ['/tmp/host'], self: { path: '/' }, sibling: { hidden: 'namespace' } },
    ],
    ['v2-bind-own', { root: `/system.slice/${CONTAINER}`, self: { path: '/' }, sibling: { hidden: 'mount' } }],
    [
      'v1-namespace-host-mount',
      // The sibling is above, between here and the root.
      { root: '/../../../../..', self: { unnamedLevels: 5, path: '/' }, sibling: { unnamedLevels: 2, path: '/' } },
    ],
    ['v1-namespace-private', { root: '/', self: { path: '/' }, sibling: { hidden: 'namespace' } }],
  ];

  testRows('has the mount that is on top', containers, ([name, { root, elsewhere = [] }]) => {
    const { memory, memoryElsewhere } = hierarchiesOf(name, MEMORY_ON_V2);
    expect(memory).toMatchObject({ version: name.startsWith('v1') ? 1 : 2, mountRoot: root });
    expect(memory?.readOnly).toBe(/private|both|bind/.test(name));
    expect(memoryElsewhere.map(({ mountPoint }) => mountPoint)).toEqual(elsewhere);
  });

  testRows('locates the process, and its sibling', containers, ([name, { self, sibling }]) => {
    const { memory } = hierarchiesOf(name, MEMORY_ON_V2);
    expect(locateProcess(required(memory), kernelText(`${name}/cgroup`))).toEqual(self);
    expect(locateProcess(required(memory), kernelText(`${name}/cgroup.sibling`))).toEqual(sibling);
  });
});

describe('mounts that show more than the one of the namespace', () => {
  it('locate what that does not show', () => {
    const [host] = hierarchiesOf('v2-namespace-both', MEMORY_ON_V2).memoryElsewhere;
    const sibling = kernelText('v2-namespace-both/cgroup.sibling');
    expect(host && locateProcess(host, sibling)).toEqual({ path: '/outside/sibling' });
  });

  it('are listed once', () => {
    const options = '- cgroup cgroup rw,memory';
    const text = lines(
      `30 22 0:30 / /own ro ${options}`,
      `31 22 0:30 /inner /inner rw ${options}`,
      `32 22 0:30 /.. /parent rw ${options}`,
      `33 22 0:30 /../sibling /sibling rw ${options}`,
      `34 22 0:30 /../../cousin /cousin rw ${options}`,
    );
    const { memory, memoryElsewhere } = findHierarchies(text, NO_CONTROLLERS);
    expect(memory?.mountPoint).toBe('/own');
    expect(memoryElsewhere.map(({ mountPoint }) => mountPoint)).toEqual(['/parent', '/cousin']);
  });
});

describe('findHierarchies', () => {
  const V1_OPTIONS = 'cgroup rw,memory';
  const NOTHING = { memory: null, memoryElsewhere: [], unified: null, freezer: null, controllers: {} };

  it('finds controllers that are mounted together', () => {
    const text = lines(
      '30 22 0:30 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '31 22 0:31 / /cg/pids rw - cgroup cgroup rw,pids',
    );
    const { controllers } = findHierarchies(text, NO_CONTROLLERS);
    expect(controllers).toMatchObject({
      cpu: { mountPoint: '/cg/cpu,cpuacct', controller: 'cpu' },
      cpuacct: { mountPoint: '/cg/cpu,cpuacct', controller: 'cpuacct' },
      pids: { mountPoint: '/cg/pids' },
    });
    expect(controllers.cpuset).toBeUndefined();
  });

  it('finds nothing where nothing is mounted', () => {
    expect(findHierarchies('', NO_CONTROLLERS)).toEqual(NOTHING);
    expect(findHierarchies(lines(), NO_CONTROLLERS)).toEqual(NOTHING);
  });

  it('undoes octal escapes', () => {
    const text = lines(`30 22 0:30 /a\\040b\\134 /mnt/c\\011d\\012e rw - cgroup ${V1_OPTIONS}`);

    expect(findHierarchies(text, NO_CONTROLLERS).memory).toMatchObject({
      mountPoint: '/mnt/c\td\ne',
      mountRoot: '/a b\\',
    });
  });

  it('skips optional fields and an empty source', () => {
    const text = lines('30 22 0:30 / /cg rw,noatime shared:1 master:2 unbindable - cgroup  rw,cpu,memory');

    expect(findHierarchies(text, NO_CONTROLLERS).memory?.mountPoint).toBe('/cg');
  });

  it('is read-only when the file system is', () => {
    const text = lines('30 22 0:30 / /cg rw - cgroup cgroup ro,memory');

    expect(findHierarchies(text, NO_CONTROLLERS).memory?.readOnly).toBe(true);
  });

  it('does not take a named hierarchy for a controller', () => {
    const text = lines('30 22 0:30 / /cg rw - cgroup cgroup rw,name=memory');

    expect(findHierarchies(text, NO_CONTROLLERS).memory).toBeNull();
  });

  it('does not take another file system for a cgroup', () => {
    const text = lines('30 22 0:30 / /cg rw - tmpfs cgroup rw,memory');

    expect(findHierarchies(text, NO_CONTROLLERS).memory).toBeNull();
  });

  it('prefers the mount of the whole hierarchy', () => {
    const text = lines(
      `30 22 0:30 /part /part rw - cgroup ${V1_OPTIONS}`,
      `31 22 0:30 / /whole rw - cgroup ${V1_OPTIONS}`,
      `32 22 0:30 / /again rw - cgroup ${V1_OPTIONS}`,
    );

    expect(findHierarchies(text, NO_CONTROLLERS).memory?.mountPoint).toBe('/whole');
  });

  describe('leaves out what is covered', () => {
    const below = `30 22 0:30 / /cg/memory rw - cgroup ${V1_OPTIONS}`;
    const found = (...mounts: string[]) => findHierarchies(lines(...mounts), NO_CONTROLLERS).memory?.mountPoint;

    it('by a mount on it', () => {
      expect(found(below, '31 30 0:31 / /cg/memory rw - tmpfs tmpfs rw')).toBeUndefined();
      expect(found(below, `31 30 0:30 /x /cg/memory rw - cgroup ${V1_OPTIONS}`)).toBe('/cg/memory');
    });

    it('by a mount on a directory above', () => {
      expect(found(below, '31 22 0:31 / /cg rw - tmpfs tmpfs rw')).toBeUndefined();
      expect(found(below, '31 22 0:31 / / rw - tmpfs tmpfs rw')).toBeUndefined();
      expect(found('28 22 0:28 / /cg rw - tmpfs tmpfs rw', below.replace(' 22 ', ' 28 '))).toBe('/cg/memory');
    });

    it('not by its neighbours', () => {
      expect(found(below, '31 22 0:31 / /cg/mem rw - tmpfs tmpfs rw')).toBe('/cg/memory');
      expect(found(below, '31 30 0:31 / /cg/memory/x rw - tmpfs tmpfs rw')).toBe('/cg/memory');
    });
  });

  testRows(
    'refuses a table of another form',
    [
      'x',
      '30 22 0:30 / /cg rw',
      '30 22 0:30 / /cg rw shared:1 cgroup cgroup rw',
      '30 22 0:30 / /cg rw - cgroup',
      ' 22 0:30 / /cg rw - cgroup cgroup rw',
      '30  0:30 / /cg rw - cgroup cgroup rw',
      '30 22 0:30  /cg rw - cgroup cgroup rw',
      '30 22 0:30 /  rw - cgroup cgroup rw',
      '30 22 0:30 / /cg  - cgroup cgroup rw',
      '30 22 0:30 / /cg rw -  cgroup rw',
    ],
    (line) => {
      const good = '29 22 0:29 / /tmp rw - tmpfs tmpfs rw';
      expect(thrown(() => findHierarchies(`${good}\n${line}\n`, NO_CONTROLLERS))).toMatchObject({
        code: 'ERR_MEMCAGE_KERNEL_FORMAT',
        path: 'mountinfo',
        line: 2,
      });
    },
  );
});

describe('locateProcess', () => {
  const v2: Hierarchy = { version: 2, controller: '', mountPoint: '/cg', mountRoot: '/', readOnly: false };
  const v1: Hierarchy = { ...v2, version: 1, controller: 'memory' };

  testRows<[string, string, Location]>(
    'by what is mounted and the path of the process',
    [
      ['/', '/', { path: '/' }],
      ['/', '/a/b', { path: '/a/b' }],
      ['/', '/a:b', { path: '/a:b' }],
      ['/', '/..a', { path: '/..a' }],
      ['/a', '/a', { path: '/' }],
      ['/a', '/a/b', { path: '/b' }],
      ['/a', '/ab', { hidden: 'mount' }],
      ['/a', '/', { hidden: 'mount' }],
      ['/a', '/b/a', { hidden: 'mount' }],
      // Outside the reader's cgroup namespace
      ['/', '/..', { hidden: 'namespace' }],
      ['/', '/../x', { hidden: 'namespace' }],
      ['/a', '/../a', { hidden: 'namespace' }],
      // A mount that was made outside the namespace
      ['/..', '/../x', { path: '/x' }],
      ['/..', '/..', { path: '/' }],
      ['/..', '/../..', { hidden: 'namespace' }],
      ['/..', '/', { unnamedLevels: 1, path: '/' }],
      ['/..', '/a/b', { unnamedLevels: 1, path: '/a/b' }],
      ['/../..', '/../x', { unnamedLevels: 1, path: '/x' }],
      ['/../..', '/../../x/y', { path: '/x/y' }],
      // A mount of a sibling of the namespace's root, or of a sibling of its parent
      ['/../s', '/../s/x', { path: '/x' }],
      ['/../s', '/../t', { hidden: 'namespace' }],
      ['/../s', '/', { hidden: 'mount' }],
      ['/../../s', '/../x', { hidden: 'namespace' }],
      ['/', '/gone (deleted)', { hidden: 'removed' }],
    ],
    ([mountRoot, path, expected]) => {
      expect(locateProcess({ ...v2, mountRoot }, `1:name=systemd:/other\n0::${path}\n`)).toEqual(expected);
      expect(locateProcess({ ...v1, mountRoot }, `4:cpu,memory:${path}\n0::/other\n`)).toEqual(expected);
    },
  );

  it('is unlisted when the process has no such line', () => {
    const unlisted = { hidden: 'unlisted' };
    expect(locateProcess(v2, '4:memory:/a\n')).toEqual(unlisted);
    expect(locateProcess(v1, '0::/a\n2:name=memory:/b\n')).toEqual(unlisted);
    expect(locateProcess(v1, '')).toEqual(unlisted);
    // A v1 hierarchy without controllers and name, and a v2 line that is not one.
    expect(locateProcess(v2, '3::/a\n0:x:/b\n')).toEqual(unlisted);
  });

  const segment = fc.stringMatching(/^[^/\n]+$/).filter((name) => name !== '..' && !name.endsWith(' (deleted)'));
  const absolute = fc.array(segment, { maxLength: 5 });

  it('is the rest of the path below any mount root', () => {
    fc.assert(
      fc.property(absolute, absolute, (root, rest) => {
        const mountRoot = `/${root.join('/')}`;
        const path = `/${[...root, ...rest].join('/')}`;
        expect(locateProcess({ ...v2, mountRoot }, `0::${path}\n`)).toEqual({ path: `/${rest.join('/')}` });
      }),
    );
  });

  it('agrees with the whole hierarchy, whatever the namespace', () => {
    // Few names, so that the three paths have parts in common.
    const place = fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 });
    fc.assert(
      fc.property(place, place, place, (namespace, mount, cgroup) => {
        const mountRoot = seenFrom(namespace, mount);
        const found = locateProcess({ ...v2, mountRoot }, `0::${seenFrom(namespace, cgroup)}\n`);
        const isBelow = mount.every((name, index) => name === cgroup[index]);
        expect('path' in found).toBe(isBelow);
        if (!('path' in found)) return;
        const names = found.path.split('/').filter((name) => name !== '');
        const unnamed = 'unnamedLevels' in found ? found.unnamedLevels : 0;
        const actual = cgroup.slice(mount.length);
        expect(names).toEqual(actual.slice(unnamed));
        // The unnamed levels are on the line from the hierarchy's root to the namespace's root.
        const depth = mount.length + unnamed;
        expect(cgroup.slice(mount.length, depth)).toEqual(namespace.slice(mount.length, depth));
      }),
      { numRuns: starts(2000) },
    );
  });

  /** The path as the kernel writes it: up to the common part, then down. */
  function seenFrom(namespace: string[], cgroup: string[]): string {
    const differing = cgroup.findIndex((name, index) => name !== namespace[index]);
    const common = Math.min(differing < 0 ? cgroup.length : differing, namespace.length);
    return `/${[...namespace.slice(common).map(() => '..'), ...cgroup.slice(common)].join('/')}`;
  }
});
