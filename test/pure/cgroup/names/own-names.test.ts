import { isCage, isCageItself, isFollowingLeaf, leafName } from '../../../../lib/cgroup/names/own-names';
import { testRows } from '../../../support/rows';

testRows<[string, boolean]>(
  'whether a cgroup is a cage, by its path',
  [
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2', false],
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1', true],
    // A leaf of a shared cage, which has the cage's limit.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/leaf-4', true],
    // A cgroup that a child made there.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/leaf-4/nested', false],
    ['/sys/fs/cgroup/memcage-detached-71-f8824e1974b91ce2', true],
    ['/sys/fs/cgroup/system.slice/docker-f8824e1974b91ce2.scope', false],
    ['/sys/fs/cgroup/memcage-tests/1', false],
  ],
  ([path, expected]) => {
    expect(isCage(path)).toBe(expected);
  },
);

testRows<[string, boolean]>(
  'whether a cgroup is a cage and no leaf, by its path',
  [
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2', false],
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1', true],
    // In other cages.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/4/2', true],
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/leaf-4', false],
    // Cgroups that a child made.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/leaf-4/1', false],
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/nested', false],
    ['/sys/fs/cgroup/1', false],
  ],
  ([path, expected]) => {
    expect(isCageItself(path)).toBe(expected);
  },
);

test('a leaf is told by its name', () => {
  expect(isFollowingLeaf(leafName(12, { follows: true }))).toBe(true);
  const others = ['12', 'leaf', 'leaf-x', 'my-leaf-1', leafName(12, { follows: false })];
  expect(others.filter(isFollowingLeaf)).toEqual([]);
});
