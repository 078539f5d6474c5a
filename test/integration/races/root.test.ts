import { version } from '../../support/cgroups/cgroup-tree';
import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import { JOINS, meanwhile } from '../../support/races/rules';

const root = (call: string): string => `parent ${call}:(^|/)memcage-[0-9]+-[^/]*$`;
/** An owner's. */
const lock = (which: number): string => `parent fcntl ${which}:(^|/)memcage-[0-9]+-[^/]*/cgroup\\.procs$`;
const REMOVE = "remove 'memcage-[0-9]*' memory";

/** On v1 there is a cgroup for the kill too, and the child joins its cage itself. */
const BESIDE: readonly (readonly [string, Race])[] = [
  [
    'another memcage sweeps before the kill cgroup is made',
    { operation: 'first', rules: [meanwhile(root('mkdirat 2'), 'memcage gc')] },
  ],
  [
    'another memcage sweeps the kill cgroup away before it is locked',
    { operation: 'first', rules: [meanwhile(lock(2), 'memcage gc')], again: 1 },
  ],
  ['another memcage sweeps while the child joins', { operation: 'first', rules: [meanwhile(JOINS, 'memcage gc')] }],
];

const ROWS: readonly (readonly [string, Race])[] = [
  [
    'another memcage sweeps before it is made',
    { operation: 'first', rules: [meanwhile(root('mkdirat 1'), 'memcage gc')] },
  ],
  [
    'another memcage sweeps it away before it is opened',
    { operation: 'first', rules: [meanwhile(root('openat2 1'), 'memcage gc')], again: 1 },
  ],
  [
    'another memcage sweeps it away before it is locked',
    { operation: 'first', rules: [meanwhile(lock(1), 'memcage gc')], again: 1 },
  ],
  [
    'another memcage sweeps when it is locked, and leaves it',
    { operation: 'first', rules: [meanwhile(root('flock 1'), 'memcage gc')] },
  ],
  [
    'another memcage sweeps before the first cage is made',
    { operation: 'first', rules: [meanwhile('parent mkdirat 1:^1$', 'memcage gc')] },
  ],
  [
    'another memcage sweeps while the cage is removed',
    { operation: 'first', rules: [meanwhile('watcher unlinkat 1:^1$', 'memcage gc')] },
  ],
  [
    'another memcage lists cages before it is locked',
    { operation: 'first', rules: [meanwhile(lock(1), 'memcage ls')] },
  ],
  [
    'somebody has its lock for a moment',
    { operation: 'first', rules: [meanwhile(lock(1), "lock 'memcage-[0-9]*' memory")], again: 1 },
  ],
  [
    'somebody removes it before it is opened',
    { operation: 'first', rules: [meanwhile(root('openat2 1'), REMOVE)], again: 1 },
  ],
  ['somebody removes it before it is locked', { operation: 'first', rules: [meanwhile(lock(1), REMOVE)], again: 1 }],
  [
    'somebody removes it before the first cage is made',
    { operation: 'first', rules: [meanwhile('parent mkdirat 1:^1$', REMOVE)], again: version === 1 ? 2 : 1 },
  ],
];

/** On v2 the process goes to a cgroup below its own first, and then gives the memory controller to those below. */
const MOVING: readonly (readonly [string, Race])[] = [
  [
    'another memcage sweeps before the process goes to the cgroup that it has made for itself',
    { operation: 'first', rules: [meanwhile('parent openat 1:/memcage-self-[^/]*/cgroup\\.procs$', 'memcage gc')] },
  ],
  [
    'somebody is in the cgroup for a moment when it is to give the controller',
    { operation: 'first', rules: [meanwhile('parent write 1:/cgroup\\.subtree_control$', 'visit 0.2')] },
  ],
];

describeRaces('a cage root', (races) => {
  test.each([...ROWS, ...(version === 1 ? BESIDE : MOVING)])('%s', (_, race) => races.force(race));
});
