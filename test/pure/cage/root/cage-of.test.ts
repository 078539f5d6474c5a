import { cageOf } from '../../../../lib/cage/root/cage-of';
import { testRows } from '../../../support/rows';

const OWNER = '/sys/fs/cgroup/memcage-71-f8824e1974b91ce2';
const DETACHED = '/sys/fs/cgroup/memcage-detached-72-f8824e1974b91ce2';
const FIRST = { label: '71/1', kind: 'cage', ownerPid: 71, path: `${OWNER}/1` } as const;

testRows<[string, ReturnType<typeof cageOf>]>(
  'the cage that a cgroup belongs to, by its path',
  [
    [`${OWNER}/1`, FIRST],
    [`${OWNER}/1/`, FIRST],
    // Leaves of a shared cage, and a cgroup that a child made in one.
    [`${OWNER}/1/leaf-4`, FIRST],
    [`${OWNER}/1/limited-4/nested`, FIRST],
    // A cage within a cage, and its leaf.
    [`${OWNER}/1/4`, { ...FIRST, label: '71/1/4', path: `${OWNER}/1/4` }],
    [`${OWNER}/1/4/2/leaf-1`, { ...FIRST, label: '71/1/4/2', path: `${OWNER}/1/4/2` }],
    [`${OWNER}/budget-3`, { label: '71/budget-3', kind: 'budget', ownerPid: 71, path: `${OWNER}/budget-3` }],
    [`${OWNER}/budget-3/1`, { ...FIRST, label: '71/budget-3/1', path: `${OWNER}/budget-3/1` }],
    // A cage that a program in a cage made.
    [`${OWNER}/1/memcage-9-0a/3/x`, { label: '9/3', kind: 'cage', ownerPid: 9, path: `${OWNER}/1/memcage-9-0a/3` }],
    [`${DETACHED}/x`, { label: '72/f8824e19', kind: 'detached', ownerPid: 72, path: DETACHED }],
    ['memcage-71-f8824e1974b91ce2/1', { ...FIRST, path: 'memcage-71-f8824e1974b91ce2/1' }],
  ],
  ([path, expected]) => expect(cageOf(path)).toEqual(expected),
);

testRows(
  'no cage',
  [OWNER, '/sys/fs/cgroup/memcage-tests/1', '/sys/fs/cgroup', '/', '', 'x', '/docker/memcage-self-71-0a/1'],
  (path) => expect(cageOf(path)).toBeNull(),
);

test('what is no path is refused', () => {
  expect(() => cageOf(5 as never)).toThrow('Expected the path of a cgroup for path');
});
