import { missingMemory } from '../../../../lib/cgroup/hierarchy/host';
import { findHierarchies, type Hierarchy } from '../../../../lib/cgroup/hierarchy/mounts';
import { mountPointOf, resolvePath } from '../../../../lib/cgroup/hierarchy/resolve-path';
import { kernelText } from '../../../support/cgroups/kernel-text';
import { testRows } from '../../../support/rows';

const memory: Hierarchy = {
  version: 1,
  controller: 'memory',
  mountPoint: '/sys/fs/cgroup/cpu,memory',
  mountRoot: '/',
  readOnly: false,
};
const host = { ...memory, mountPoint: '/host' };
const noLinks = () => undefined;

describe('resolvePath', () => {
  testRows(
    'finds the directory, by its path or that in the hierarchy',
    [
      ['/sys/fs/cgroup/cpu,memory/a', '/sys/fs/cgroup/cpu,memory/a'],
      ['/sys/fs/cgroup/cpu,memory', '/sys/fs/cgroup/cpu,memory'],
      ['/sys/fs/cgroup/cpu,memory//a//b/', '/sys/fs/cgroup/cpu,memory/a/b'],
      ['/sys/fs/cgroup/cpu,memory2', '/sys/fs/cgroup/cpu,memory/sys/fs/cgroup/cpu,memory2'],
      ['/a/b', '/sys/fs/cgroup/cpu,memory/a/b'],
      ['a/b', '/sys/fs/cgroup/cpu,memory/a/b'],
      ['/', '/sys/fs/cgroup/cpu,memory'],
    ],
    ([path, expected]) => {
      expect(resolvePath(path, { memory, memoryElsewhere: [] }, noLinks)).toBe(expected);
    },
  );

  test('through the symlink that v1 has for each controller of a mount', () => {
    const link = (path: string) => path.replace('/sys/fs/cgroup/memory', '/sys/fs/cgroup/cpu,memory');
    const mounts = { memory, memoryElsewhere: [] };
    expect(resolvePath('/sys/fs/cgroup/memory/a', mounts, link)).toBe('/sys/fs/cgroup/cpu,memory/a');
    expect(resolvePath('/elsewhere/a', mounts, link)).toBe('/sys/fs/cgroup/cpu,memory/elsewhere/a');
  });

  test('as the kernel has it, where only a part is mounted', () => {
    const part = { memory: { ...memory, mountPoint: '/cg', mountRoot: '/docker/one' }, memoryElsewhere: [] };
    expect(resolvePath('/docker/one/a', part, noLinks)).toBe('/cg/a');
    expect(resolvePath('/docker/one', part, noLinks)).toBe('/cg');
    expect(resolvePath('/docker/two', part, noLinks)).toBe('/cg/docker/two');
  });

  test('below any mount of the hierarchy', () => {
    const mounts = { memory: { ...memory, mountRoot: '/docker/one' }, memoryElsewhere: [host] };
    expect(resolvePath('/host/docker', mounts, noLinks)).toBe('/host/docker');
    expect(resolvePath('/docker/two', mounts, noLinks)).toBe('/host/docker/two');
    expect(mountPointOf('/host/docker', mounts)).toBe('/host');
    expect(mountPointOf('/hostile', mounts)).toBeUndefined();
  });
});

describe('missingMemory', () => {
  const noUnified = { unified: null };

  test('nothing is mounted', () => {
    const hierarchies = findHierarchies(kernelText('unmounted/mountinfo'), () => '');
    expect(hierarchies.memory).toBeNull();
    expect(missingMemory(hierarchies, kernelText('unmounted/cgroup'))).toMatch(
      /no cgroup file system is mounted here.*mount -t cgroup2/,
    );
  });

  test('v1 has it, and is not mounted', () => {
    expect(missingMemory(noUnified, kernelText('hybrid/cgroup'))).toMatch(/on cgroup v1.*-o memory/);
  });

  test('v2 is mounted, without it', () => {
    const unified = { ...host, version: 2 as const, mountPoint: '/sys/fs/cgroup' };
    expect(missingMemory({ unified }, '0::/\n')).toMatch(/\/sys\/fs\/cgroup does not have it.*cgroup_disable/);
  });
});
