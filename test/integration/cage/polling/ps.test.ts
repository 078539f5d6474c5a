import { eat, endOf, groupsOfEachTest, MIB } from '../../../support/cgroups/polled-group';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { processesThatAre } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(120_000));

// Another platform is only pretended: procps takes the same options as the `ps` there.
describeIf(['linux', 'machine'], 'a polled group where processes are listed by ps', () => {
  const newGroup = groupsOfEachTest();

  test('is killed above its limit, and it is told why', async () => {
    const group = newGroup({ limitBytes: 50 * MIB, platform: 'darwin' });
    const child = group.run(eat(120));
    expect(await endOf(child)).toBe('SIGKILL');
    expect(group.seen.kills).toBeGreaterThan(1);
    expect(group.kills).toMatchObject([{ count: group.seen.kills, limitBytes: 50 * MIB }]);
    expect(group.kills[0]?.victims).toContainEqual(expect.objectContaining({ pid: child.pid, name: 'sh' }));
    expect(group.kills[0]?.victims.map(({ name }) => name)).toContain('tail');
  });

  test('is measured, and killed with all below that was seen once', async () => {
    const group = newGroup({ platform: 'darwin' });
    const id = mark();
    const parent = group.run(`(sleep ${id} & sleep ${id}) & sleep ${id}`);
    await until('all are found', () => group.lookNow(patience(10_000)) && group.seen.processes === 4);
    expect(group.seen.usageBytes).toBeGreaterThan(MIB);
    parent.kill('SIGKILL');
    await endOf(parent);
    await group.killAll(10_000);
    expect(processesThatAre(`sleep ${id}`)).toEqual([]);
  });
});
