import { signal } from '../../../../lib/cage/polling/sampling/killing';
import { ProcTable } from '../../../../lib/cage/polling/sampling/proc-table';
import { loadNative } from '../../../../lib/common/addon/load-native';
import { readPageSize } from '../../../../lib/common/machine/proc';
import { endOf, groupsOfEachTest, MIB } from '../../../support/cgroups/polled-group';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { childrenOf, endNow, isAlive, processesThatAre } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

describeIf(['linux', 'machine'], 'the members of a polled group', () => {
  const newGroup = groupsOfEachTest();

  const theOne = async (command: string): Promise<number> => {
    const [pid] = await until(command, () => {
      const found = processesThatAre(command);
      return found.length === 1 ? found : undefined;
    });
    return pid ?? 0;
  };

  test('include an orphan that nobody has seen below its parent', async () => {
    const group = newGroup();
    const id = mark();
    const parent = group.run(`(setsid sleep ${id} &)`);
    expect(await endOf(parent)).toBe(0);
    const pid = await theOne(`sleep ${id}`);
    await until('it is found', () => group.seen.processes === 1);
    await group.killAll(10_000);
    expect([isAlive(pid), group.seen.processes]).toEqual([false, 0]);
  });

  test('include one without the mark whose parent has ended since it was seen', async () => {
    const group = newGroup();
    const id = mark();
    const parent = group.run(`env -i sleep ${id} & wait`);
    const pid = await theOne(`sleep ${id}`);
    await until('both are found', () => group.lookNow(patience(5000)) && group.seen.processes === 2);
    parent.kill('SIGKILL');
    await endOf(parent);
    expect(group.lookNow(patience(5000))).toBe(true);
    expect(group.seen.processes).toBe(1);
    expect(group.killAllNow(patience(10_000))).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  test('include a process that was not added, by its mark', async () => {
    const [group, other] = [newGroup(), newGroup()];
    const id = mark();
    other.run(`${group.marker} exec sleep ${id}`);
    await theOne(`sleep ${id}`);
    await until('it is found', () => group.seen.processes === 1);
  });

  test('do not include this process and its other children', async () => {
    const [group, other] = [newGroup(), newGroup()];
    const id = mark();
    const stranger = other.run(`exec sleep ${id}`);
    group.run('sleep 1000');
    await until('its own is found', () => group.seen.processes > 0);
    await group.killAll(10_000);
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });

  test('are killed, many and while they start others', async () => {
    const group = newGroup();
    const id = mark();
    group.run(`for i in $(seq 1 30); do sleep ${id} & done; while :; do (sleep 0.01; :) & wait $!; done`);
    await until('they are there', () => group.seen.processes > 30);
    await group.killAll(10_000);
    expect(processesThatAre(`sleep ${id}`)).toEqual([]);
    expect(group.seen).toMatchObject({ processes: 0, kills: 0 });
    // Zombies of this process have no memory, and may wait for their parent.
    expect(childrenOf(process.pid).filter(isAlive)).toEqual([]);
  });

  test('are left alone when the group is closed', async () => {
    const group = newGroup({ limitBytes: MIB / 4 });
    group.close();
    const child = group.run(`exec sleep ${mark()}`);
    const witness = newGroup();
    witness.run(`exec sleep ${mark()}`);
    await until('others are looked at', () => witness.seen.processes === 1);
    expect(witness.lookNow(patience(5000))).toBe(true);
    expect(isAlive(child.pid ?? 0)).toBe(true);
    endNow(child.pid ?? 0);
  });

  test.each(['pidfd', 'pid'])('do not include another process with the pid of one, when killed by %s', async (how) => {
    const group = newGroup();
    const child = group.run(`exec sleep ${mark()}`);
    const look = new ProcTable(readPageSize()).look(true);
    const found = look.find(child.pid ?? 0);
    if (found === undefined) throw new Error('it is not in the table');
    const pidfds = how === 'pidfd' ? loadNative() : undefined;
    expect(signal({ ...found, start: found.start - 1 }, 'SIGKILL', look, 0, pidfds)).toBe('gone');
    expect(isAlive(found.pid)).toBe(true);
    expect(signal(found, 'SIGKILL', look, 0, pidfds)).toBe('sent');
    expect(await endOf(child)).toBe('SIGKILL');
  });
});
