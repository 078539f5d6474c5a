import { describeRaces } from '../../support/races/describe-races';
import type { Race } from '../../support/races/force';
import { meanwhile } from '../../support/races/rules';

const root = (call: string): string => `parent ${call}:(^|/)memcage-[^/]*$`;
const REMOVE = "remove 'memcage-*' memory";

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
    { operation: 'first', rules: [meanwhile(root('flock 1'), 'memcage gc')], again: 1 },
  ],
  [
    'another memcage sweeps when it is locked, and leaves it',
    { operation: 'first', rules: [meanwhile(root('fstat 1'), 'memcage gc')] },
  ],
  [
    'another memcage sweeps before the kill cgroup is made',
    { operation: 'first', rules: [meanwhile(root('mkdirat 2'), 'memcage gc')] },
  ],
  [
    'another memcage sweeps the kill cgroup away before it is locked',
    { operation: 'first', rules: [meanwhile(root('flock 2'), 'memcage gc')], again: 1 },
  ],
  [
    'another memcage sweeps before the first cage is made',
    { operation: 'first', rules: [meanwhile('parent mkdirat 1:^1$', 'memcage gc')] },
  ],
  [
    'another memcage sweeps while the child joins',
    { operation: 'first', rules: [meanwhile('child write 1:/tasks$', 'memcage gc')] },
  ],
  [
    'another memcage sweeps while the cage is removed',
    { operation: 'first', rules: [meanwhile('watcher unlinkat 1:^1$', 'memcage gc')] },
  ],
  [
    'another memcage lists cages before it is locked',
    { operation: 'first', rules: [meanwhile(root('flock 1'), 'memcage ls')] },
  ],
  [
    'somebody has its lock for a moment',
    { operation: 'first', rules: [meanwhile(root('flock 1'), "lock 'memcage-*' memory")], again: 1 },
  ],
  [
    'somebody removes it before it is opened',
    { operation: 'first', rules: [meanwhile(root('openat2 1'), REMOVE)], again: 1 },
  ],
  [
    'somebody removes it before it is locked',
    { operation: 'first', rules: [meanwhile(root('flock 1'), REMOVE)], again: 1 },
  ],
  [
    'somebody removes it before the first cage is made',
    { operation: 'first', rules: [meanwhile('parent mkdirat 1:^1$', REMOVE)], again: 2 },
  ],
];

describeRaces('a cage root', (races) => {
  test.each(ROWS)('%s', (_, race) => races.force(race));
});
