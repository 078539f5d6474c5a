import * as fc from 'fast-check';
import { cgroupPath, findHierarchies, type Hierarchies, type Hierarchy } from '../../../lib/cgroup/mounts';
import { kernelText } from '../../support/kernel-text';
import { thrown } from '../../support/thrown';

const NO_CONTROLLERS = () => '\n';

function hierarchiesOf(host: string, controllers = NO_CONTROLLERS as (mountPoint: string) => string): Hierarchies {
  return findHierarchies(kernelText(`${host}/mountinfo`), controllers);
}

function required(hierarchy: Hierarchy | null): Hierarchy {
  if (hierarchy === null) throw new Error('not mounted');
  return hierarchy;
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

  it('places the process in each', () => {
    expect(cgroupPath(required(memory), procCgroup)).toMatch(/^\/process_api\/[0-9a-f]{32}$/);
    expect(cgroupPath(required(freezer), procCgroup)).toBe('/');
    expect(cgroupPath(required(unified), procCgroup)).toBe('/');
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
    expect(cgroupPath(required(memory), kernelText('v2-systemd/cgroup'))).toBe(
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
    expect(cgroupPath(required(memory), procCgroup)).toBe('/user.slice/user-1000.slice/session-3.scope');
    expect(cgroupPath(required(unified), procCgroup)).toBe('/user.slice/user-1000.slice/session-3.scope');
    expect(cgroupPath({ ...required(memory), controller: 'cpuacct' }, procCgroup)).toBe('/user.slice');
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
    expect(cgroupPath(required(memory), procCgroup)).toBe('/');
    expect(cgroupPath(required(freezer), procCgroup.replace(/^(12:.*)$/m, '$1/inner'))).toBe('/inner');
  });
});

describe('Docker on v2, in a cgroup namespace', () => {
  const { memory } = hierarchiesOf('docker-v2', () => kernelText('docker-v2/cgroup.controllers'));

  it('is the root, read-only', () => {
    expect(memory).toMatchObject({ version: 2, mountPoint: '/sys/fs/cgroup', readOnly: true });
    expect(cgroupPath(required(memory), kernelText('docker-v2/cgroup'))).toBe('/');
  });
});

describe('findHierarchies', () => {
  const V1_OPTIONS = 'cgroup rw,memory';

  it('finds nothing where nothing is mounted', () => {
    expect(findHierarchies('', NO_CONTROLLERS)).toEqual({ memory: null, unified: null, freezer: null });
    expect(findHierarchies(lines(), NO_CONTROLLERS)).toEqual({ memory: null, unified: null, freezer: null });
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

  it.each([
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
  ])('refuses %j', (line) => {
    expect(thrown(() => findHierarchies(`${line}\n`, NO_CONTROLLERS))).toMatchObject({
      code: 'ERR_MEMCAGE_KERNEL_FORMAT',
    });
  });
});

describe('cgroupPath', () => {
  const v2: Hierarchy = { version: 2, controller: '', mountPoint: '/cg', mountRoot: '/', readOnly: false };
  const v1: Hierarchy = { ...v2, version: 1, controller: 'memory' };

  it.each<[string, string, string | null]>([
    ['/', '/', '/'],
    ['/', '/a/b', '/a/b'],
    ['/', '/a:b', '/a:b'],
    ['/', '/..a', '/..a'],
    ['/a', '/a', '/'],
    ['/a', '/a/b', '/b'],
    ['/a', '/ab', null],
    ['/a', '/', null],
    ['/a', '/b/a', null],
    // Outside of the reader's cgroup namespace
    ['/', '/..', null],
    ['/', '/../x', null],
    // A mount that was made outside of it
    ['/..', '/../x', '/x'],
    ['/..', '/..', '/'],
    ['/..', '/../..', null],
    ['/..', '/', null],
    ['/../..', '/../x', null],
    ['/', '/gone (deleted)', null],
  ])('mounted %j, process in %j: %j', (mountRoot, path, expected) => {
    expect(cgroupPath({ ...v2, mountRoot }, `1:name=systemd:/other\n0::${path}\n`)).toBe(expected);
    expect(cgroupPath({ ...v1, mountRoot }, `4:cpu,memory:${path}\n0::/other\n`)).toBe(expected);
  });

  it('is null when the process has no such line', () => {
    expect(cgroupPath(v2, '4:memory:/a\n')).toBeNull();
    expect(cgroupPath(v1, '0::/a\n2:name=memory:/b\n')).toBeNull();
    expect(cgroupPath(v1, '')).toBeNull();
    // A v1 hierarchy without controllers and name, and a v2 line that is none.
    expect(cgroupPath(v2, '3::/a\n0:x:/b\n')).toBeNull();
  });

  it('is the rest of the path below any mount root', () => {
    const segment = fc.stringMatching(/^[^/\n]+$/).filter((name) => name !== '..' && !name.endsWith(' (deleted)'));
    fc.assert(
      fc.property(fc.array(segment), fc.array(segment), (root, rest) => {
        const mountRoot = `/${root.join('/')}`;
        const path = `/${[...root, ...rest].join('/')}`;
        expect(cgroupPath({ ...v2, mountRoot }, `0::${path}\n`)).toBe(`/${rest.join('/')}`);
      }),
    );
  });
});
