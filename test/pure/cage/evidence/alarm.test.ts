import { SharedCageState } from '../../../../lib/cage/evidence/shared-state';
import { openAlarm } from '../../../../lib/cage/evidence/watching/alarm';
import { type CgroupsInMemory, cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';

/** The alarm of a cage on v1, and how many thresholds it has set. */
function alarmOnV1() {
  const tree: CgroupsInMemory = cgroupsInMemory(
    { c: { 'memory.usage_in_bytes': '0\n', 'cgroup.event_control': '' } },
    { eventfdOpen: () => tree.native.openDirectory({ path: '/cg/c' }), eventfdRead: () => 1 },
  );
  const heard = new Set<number>();
  const watch = (fd: number) => {
    heard.add(fd);
    return () => void heard.delete(fd);
  };
  const alarm = openAlarm(1, tree.directory('c'), { state: new SharedCageState(), watch });
  return { alarm, heard, open: tree.open, thresholds: () => tree.done.length };
}

describe('the alarm on v1', () => {
  test('is set once for the same use, whatever it has told, since that takes time', () => {
    const { alarm, heard, thresholds } = alarmOnV1();
    alarm.rearm(100);
    alarm.consume();
    alarm.rearm(100);
    expect([heard.size, thresholds()]).toEqual([1, 1]);
    alarm.rearm(200);
    expect([heard.size, thresholds()]).toEqual([1, 2]);
  });

  test('is set anew where the kernel need not tell again, and goes when it rests', () => {
    const { alarm, heard, open, thresholds } = alarmOnV1();
    alarm.rearm(100);
    alarm.renew(100);
    expect([heard.size, thresholds()]).toEqual([1, 2]);
    alarm.rest();
    expect([heard.size, open.size]).toEqual([0, 1]);
  });
});
