import { pauseSync } from '../../../../lib/common/event-loop/timers';
import { eat, endOf, groupsOfEachTest, MIB } from '../../../support/cgroups/polled-group';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { isAlive, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const LIMIT = 50 * MIB;

describeIf(['linux', 'machine'], 'a polled group above its limit', () => {
  const newGroup = groupsOfEachTest();

  test('is killed whole, and it is told why', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const other = mark();
    const idle = group.run(`sleep ${other}`);
    const eater = group.run(`sleep ${other} & ${eat(120)}`);
    expect(await Promise.all([endOf(idle), endOf(eater)])).toEqual(['SIGKILL', 'SIGKILL']);
    const { kills } = group.seen;
    expect(group.kills).toMatchObject([{ count: kills, limitBytes: LIMIT }]);
    const [kill] = group.kills;
    expect(kill?.usageBytes).toBeGreaterThan(LIMIT);
    expect(kill?.victims.map(({ name }) => name)).toEqual(expect.arrayContaining(['sh', 'tail', 'sleep']));
    expect(kill?.victims.map(({ pid }) => pid)).toEqual(expect.arrayContaining([idle.pid, eater.pid]));
    expect(Math.abs((kill?.timeMs ?? 0) - Date.now())).toBeLessThan(patience(60_000));
    await until('nothing is left', () => processesWith(other).length === 0);
  });

  test('is killed while the event loop is blocked', () => {
    const group = newGroup({ limitBytes: LIMIT });
    const { pid = 0 } = group.run(eat(120));
    const endMs = performance.now() + patience(20_000);
    while (group.seen.kills === 0 && performance.now() < endMs) pauseSync(5);
    expect(group.kills).toMatchObject([{ count: group.seen.kills }]);
    while (isAlive(pid) && performance.now() < endMs) pauseSync(5);
    expect(isAlive(pid)).toBe(false);
  });

  test('is killed without harm to another', async () => {
    const [group, other] = [newGroup({ limitBytes: LIMIT }), newGroup({ limitBytes: 10 * LIMIT })];
    const neighbour = other.run(eat(60));
    await until('it has its memory', () => (other.seen.usageBytes ?? 0) > 55 * MIB);
    expect(await endOf(group.run(eat(120)))).toBe('SIGKILL');
    expect(other.lookNow(patience(5000))).toBe(true);
    expect(other.seen.kills).toBe(0);
    expect(neighbour.exitCode ?? neighbour.signalCode).toBeNull();
  });

  test('can be killed again and again, and each victim is told', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    for (let turn = 1; turn <= 3; turn += 1) {
      const child = group.run(eat(120));
      expect(await endOf(child)).toBe('SIGKILL');
      expect(group.seen.kills).toBeGreaterThanOrEqual(turn);
      expect(group.kills.flatMap(({ victims }) => victims.map(({ pid }) => pid))).toContain(child.pid);
    }
  });

  test('is one whose members have it only together', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const children = [1, 2, 3].map(() => group.run(eat(30)));
    expect(await Promise.all(children.map(endOf))).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
  });
});
