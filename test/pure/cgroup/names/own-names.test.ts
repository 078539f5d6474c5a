import {
  type CgroupKind,
  cageName,
  isBudget,
  isCageCgroup,
  kindOf,
  leafName,
  newScopeName,
  newSelfName,
  ownKind,
} from '../../../../lib/cgroup/names/own-names';
import { testRows } from '../../../support/rows';

const OWNER = '/sys/fs/cgroup/memcage-71-f8824e1974b91ce2';
const DETACHED = '/sys/fs/cgroup/memcage-detached-71-f8824e1974b91ce2';

testRows<[string, CgroupKind | undefined]>(
  'what memcage made a cgroup for, by its path',
  [
    [OWNER, 'owner'],
    [OWNER.slice(OWNER.lastIndexOf('/') + 1), 'owner'],
    [`/sys/fs/cgroup/${newSelfName()}`, 'self'],
    [`/sys/fs/cgroup/user.slice/${newScopeName()}`, 'scope'],
    [`${OWNER}/1`, 'cage'],
    [`${OWNER}/1/${leafName(4, { follows: true })}`, 'following leaf'],
    [`${OWNER}/1/${leafName(4, { follows: false })}`, 'limited leaf'],
    [`${OWNER}/${cageName(3, { budget: true })}`, 'cage'],
    [`${OWNER}/1/budget-3/2`, 'cage'],
    [`${OWNER}/budget-3/leaf-2`, 'following leaf'],
    [`${OWNER}/budget-`, undefined],
    [DETACHED, 'detached'],
    // In other cages.
    [`${OWNER}/1/4`, 'cage'],
    [`${OWNER}/1/4/2`, 'cage'],
    [`${OWNER}/1/4/leaf-2`, 'following leaf'],
    [`${OWNER}/1/4/2/limited-12`, 'limited leaf'],
    // What a program makes within its own cage.
    [`${OWNER}/1/leaf-4/nested`, undefined],
    [`${OWNER}/1/leaf-4/1`, undefined],
    [`${OWNER}/1/nested`, undefined],
    [`${OWNER}/1/my-leaf-1`, undefined],
    [`${OWNER}/1/leaf`, undefined],
    [`${OWNER}/leaf-1`, undefined],
    [`${DETACHED}/1`, undefined],
    [`${OWNER}/1/leaf-4/memcage-self-71-f8824e1974b91ce2`, 'self'],
    [`${OWNER}/1/leaf-4/memcage-72-f8824e1974b91ce2`, 'owner'],
    // A program that is in a cage has cages of its own.
    [`${OWNER}/1/leaf-4/memcage-72-f8824e1974b91ce2/3`, 'cage'],
    [`${OWNER}/1/leaf-4/memcage-72-f8824e1974b91ce2/3/leaf-1`, 'following leaf'],
    [`${DETACHED}/memcage-72-f8824e1974b91ce2/3`, 'cage'],
    // Others'.
    ['/sys/fs/cgroup/system.slice/docker-f8824e1974b91ce2.scope', undefined],
    ['/sys/fs/cgroup/memcage-tests/1', undefined],
    [`/sys/fs/cgroup/x${OWNER.slice(OWNER.lastIndexOf('/') + 1)}`, undefined],
    [`${OWNER}.service`, undefined],
    ['/sys/fs/cgroup/1', undefined],
    ['/', undefined],
  ],
  ([path, expected]) => {
    expect(kindOf(path)).toBe(expected);
    // What stands beside cage roots, and what holds a limit of memcage's.
    expect(ownKind(path)).toBe(['owner', 'detached', 'self'].includes(expected ?? '') ? expected : undefined);
    expect(isCageCgroup(path)).toBe(['cage', 'detached', 'following leaf', 'limited leaf'].includes(expected ?? ''));
  },
);

test('the cage of a budget has a name that says so', () => {
  const path = `${OWNER}/${cageName(3, { budget: true })}`;
  expect(isBudget(path)).toBe(true);
  expect([`${path}/1`, `${OWNER}/${cageName(3, { budget: false })}`].some(isBudget)).toBe(false);
});
