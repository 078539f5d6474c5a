import { killsWhenOut } from '../../../../lib/cage/oom/oom-killer';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';

const control = (disabled: 0 | 1) => ({
  'memory.oom_control': `oom_kill_disable ${disabled}\nunder_oom 0\noom_kill 0\n`,
});
const tree = cgroupsInMemory({ kills: control(0), waits: control(1) });

test('v1 kills, unless it was told to let processes wait', () => {
  expect(killsWhenOut(tree.directory('kills'), 1)).toBe(true);
  expect(killsWhenOut(tree.directory('waits'), 1)).toBe(false);
});

test('v2 always kills', () => {
  expect(killsWhenOut(tree.directory('waits'), 2)).toBe(true);
});

test('what can not be read may kill', () => {
  expect(killsWhenOut(tree.directory('gone'), 1)).toBe(true);
});
