import { isCage, isInCage } from '../../../../lib/cgroup/names/own-names';
import { testRows } from '../../../support/rows';

testRows<[string, { cage: boolean; within: boolean }]>(
  'whose cgroup it is, by its path',
  [
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2', { cage: false, within: false }],
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1', { cage: true, within: true }],
    // A leaf of a shared cage, which has the cage's limit.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/4', { cage: true, within: true }],
    // A cgroup that a child made there.
    ['/sys/fs/cgroup/memcage-71-f8824e1974b91ce2/1/4/nested', { cage: false, within: true }],
    ['/sys/fs/cgroup/memcage-detached-71-f8824e1974b91ce2', { cage: true, within: true }],
    ['/sys/fs/cgroup/system.slice/docker-f8824e1974b91ce2.scope', { cage: false, within: false }],
    ['/sys/fs/cgroup/memcage-tests/1', { cage: false, within: false }],
  ],
  ([path, expected]) => {
    expect({ cage: isCage(path), within: isInCage(path) }).toEqual(expected);
  },
);
