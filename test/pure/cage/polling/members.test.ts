import { GroupMembers } from '../../../../lib/cage/polling/sampling/members';
import { type FakeProcess, lookAt } from '../../../support/processes/fake-processes';

const MARKER = 'GROUP=7';
const SELF = 5;

const newMembers = ({ openedAt = 0, startTolerance = 0 } = {}): GroupMembers =>
  new GroupMembers({ marker: MARKER, openedAt, startTolerance, self: SELF });

/** The pids of those that live after each of these looks, all of them fresh. */
function pidsAfter(members: GroupMembers, ...looks: FakeProcess[][]): number[][] {
  return looks.map((processes) => {
    const look = lookAt(processes);
    members.judge(look);
    return members.living(look).map(({ pid }) => pid);
  });
}

describe('who is in a group', () => {
  test('who was added, and all below, in whatever order they are listed', () => {
    const members = newMembers();
    members.add(10, 100);
    const tree = [{ pid: 8, ppid: 9 }, { pid: 9, ppid: 11 }, { pid: 10 }, { pid: 11, ppid: 10 }, { pid: 12 }];
    expect(pidsAfter(members, tree)).toEqual([[10, 11, 9, 8]]);
  });

  test('a member whose parent has ended, for ever', () => {
    const members = newMembers();
    members.add(10, 100);
    expect(pidsAfter(members, [{ pid: 10 }, { pid: 11, ppid: 10 }], [{ pid: 11, ppid: 1 }])).toEqual([[10, 11], [11]]);
  });

  test('an orphan with the mark, and what it has started', () => {
    const members = newMembers();
    const processes = [
      { pid: 20, env: ['A=1', MARKER] },
      { pid: 21, ppid: 20 },
      { pid: 22, env: ['GROUP=77'] },
    ];
    expect(pidsAfter(members, processes)).toEqual([[20, 21]]);
  });

  test('the child of a parent that has ended in the same moment', () => {
    const members = newMembers();
    members.add(10, 100);
    const gone = lookAt([{ pid: 11, ppid: 10 }]);
    members.judge(gone);
    expect(members.living(gone).map(({ pid }) => pid)).toEqual([11]);
  });

  test('a zombie is not', () => {
    const members = newMembers();
    members.add(10, 100);
    expect(pidsAfter(members, [{ pid: 10, ended: true }])).toEqual([[]]);
  });

  test('this process is not, even with the mark', () => {
    const members = newMembers();
    members.add(SELF, 100);
    expect(pidsAfter(members, [{ pid: SELF, env: [MARKER] }])).toEqual([[]]);
  });

  test('whoever has the pid at the first look, if the start is not known', () => {
    const members = newMembers();
    members.add(10, Number.NaN);
    expect(pidsAfter(members, [{ pid: 10, start: 100 }], [{ pid: 10, start: 101 }])).toEqual([[10], []]);
  });

  test('the environment of older processes is not read', () => {
    const members = newMembers({ openedAt: 200 });
    const look = lookAt([
      { pid: 20, start: 199, env: [MARKER] },
      { pid: 21, start: 200, env: [MARKER] },
    ]);
    members.judge(look);
    expect(members.living(look).map(({ pid }) => pid)).toEqual([21]);
    expect(look.asked).toEqual([21]);
  });
});

describe('a pid that another process has got', () => {
  test('is no member any more', () => {
    const members = newMembers();
    members.add(10, 100);
    expect(pidsAfter(members, [{ pid: 10, start: 101 }])).toEqual([[]]);
  });

  test('makes no members of its children', () => {
    const members = newMembers();
    members.add(10, 100);
    const recycled = [
      { pid: 10, start: 500 },
      { pid: 11, ppid: 10, start: 501 },
    ];
    expect(pidsAfter(members, recycled)).toEqual([[]]);
  });

  test('is no parent of an older process', () => {
    const members = newMembers();
    members.add(10, 100);
    expect(pidsAfter(members, [{ pid: 10 }, { pid: 11, ppid: 10, start: 99 }])).toEqual([[10]]);
  });

  test('is spared with what it starts, if it came while the others were killed', () => {
    const members = newMembers();
    members.add(10, 100);
    members.spareNew(150);
    members.add(20, 200);
    const processes = [{ pid: 10 }, { pid: 11, ppid: 10 }, { pid: 20, start: 200 }, { pid: 21, ppid: 20, start: 201 }];
    expect(pidsAfter(members, processes)).toEqual([[10, 20, 11, 21]]);
    expect([10, 11, 20, 21].map((pid) => members.isSpared(pid))).toEqual([false, false, true, true]);
    members.spareNone();
    expect(members.isSpared(20)).toBe(false);
  });

  test('is spared by its marker too, if it is younger than what the others are killed for', () => {
    const members = newMembers();
    members.spareNew(150);
    const processes = [149, 150].map((start, index) => ({ pid: 10 + index, start, env: [MARKER] }));
    expect(pidsAfter(members, processes)).toEqual([[10, 11]]);
    expect([10, 11].map((pid) => members.isSpared(pid))).toEqual([false, true]);
  });

  test('is still the same one, if its start is known only about', () => {
    const members = newMembers({ startTolerance: 10 });
    members.add(10, 100);
    expect(pidsAfter(members, [{ pid: 10, start: 109 }], [{ pid: 10, start: 125 }])).toEqual([[10], []]);
  });

  describe('while a child is expected whose pid nobody knows', () => {
    const child = (pid: number): FakeProcess => ({ pid, ppid: SELF });

    test('the children that are new after the first look, and all below', () => {
      const members = newMembers();
      members.expectChild(true);
      const looks = [[child(20)], [child(20), child(21), { pid: 22, ppid: 21 }, { pid: 23 }]];
      expect(pidsAfter(members, ...looks)).toEqual([[], [21, 22]]);
    });

    test('which a look must be able to find', () => {
      const members = newMembers();
      expect(members.roots).toEqual([]);
      members.expectChild(true);
      expect(members.roots).toEqual([SELF]);
    });

    test('one that has got the pid of another that was there', () => {
      const members = newMembers();
      members.expectChild(true);
      expect(pidsAfter(members, [child(20)], [], [child(20)])).toEqual([[], [], [20]]);
    });

    test('none after that, and the one remains', () => {
      const members = newMembers();
      members.expectChild(true);
      expect(pidsAfter(members, [], [child(20)])).toEqual([[], [20]]);
      members.expectChild(false);
      expect(members.roots).toEqual([20]);
      expect(pidsAfter(members, [child(20), child(21)])).toEqual([[20]]);
    });
  });
});
