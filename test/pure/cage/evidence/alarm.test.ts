import { SharedCageState } from '../../../../lib/cage/evidence/shared-state';
import { openAlarm } from '../../../../lib/cage/evidence/watching/alarm';
import { type CgroupsInMemory, cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';

/** The alarm of a cage on v1, and how many thresholds it has set. */
function alarmOnV1() {
  let untold = 0;
  const tree: CgroupsInMemory = cgroupsInMemory(
    { c: { 'memory.usage_in_bytes': '0\n', 'cgroup.event_control': '' } },
    {
      eventfdOpen: () => tree.native.openDirectory({ path: '/cg/c' }),
      eventfdRead() {
        const crossings = untold;
        untold = 0;
        return crossings;
      },
    },
  );
  const heard = new Set<number>();
  const watch = (fd: number) => {
    heard.add(fd);
    return () => void heard.delete(fd);
  };
  const alarm = openAlarm(1, tree.directory('c'), { state: new SharedCageState(), watch });
  const cross = (): void => {
    untold += 1;
  };
  return { alarm, cross, heard, open: tree.open, thresholds: () => tree.done.length };
}

describe('the alarm on v1', () => {
  test('counts a crossing once: what it told of may be over, so it is set anew', () => {
    const { alarm, cross, heard, thresholds } = alarmOnV1();
    alarm.rearm(100);
    cross();
    alarm.consume();
    expect(heard.size).toBe(0);
    alarm.rearm(100);
    expect([heard.size, thresholds()]).toEqual([1, 2]);
  });

  test('stays while it has told of nothing, and goes when it rests', () => {
    const { alarm, heard, open, thresholds } = alarmOnV1();
    alarm.rearm(100);
    alarm.consume();
    alarm.rearm(100);
    expect([heard.size, thresholds()]).toEqual([1, 1]);
    alarm.rest();
    expect([heard.size, open.size]).toEqual([0, 1]);
  });
});
