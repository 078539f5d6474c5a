import { Teardown } from '../../../../lib/cage/cgroup/teardown';
import type { KillCgroup } from '../../../../lib/cgroup/processes/kill-cgroup';
import { type CgroupsInMemory, cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';

let tree: CgroupsInMemory;
let nowMs: number;
beforeEach(() => {
  tree = cgroupsInMemory({
    '': {},
    memory: { 'cgroup.procs': '1' },
    freezer: { 'cgroup.procs': '2' },
    pids: { 'cgroup.procs': '3' },
    cpu: {},
  });
  nowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

function teardown({ killCgroup = true } = {}): Teardown {
  const { directory } = tree;
  const freezer: KillCgroup = { kind: 'freezer', directory: directory('freezer') };
  return new Teardown(directory('memory'), killCgroup ? freezer : undefined, [directory('pids'), directory('cpu')]);
}

test('kills what is in any of its cgroups', () => {
  const torn = teardown();
  expect(torn.wasKilled).toBe(false);
  torn.kill();
  expect(torn.wasKilled).toBe(true);
  expect(tree.done).toEqual(['kill freezer: 2', 'kill memory: 1', 'kill pids: 3', 'kill cpu: ']);
});

test('a side cgroup may be gone', () => {
  const { killAll } = tree.native;
  tree.native.killAll = (options) => {
    if (options.path === 'pids') throw refusal('ENOENT');
    killAll(options);
  };
  teardown().kill();
  expect(tree.done.at(-1)).toBe('kill cpu: ');
});

test('it was killed even if the kernel refused', () => {
  tree.native.killAll = () => {
    throw refusal('EPERM');
  };
  const torn = teardown();
  expect(() => torn.kill()).toThrow(withCode('NO_PERMISSION'));
  expect(torn.wasKilled).toBe(true);
});

test('removes the kill cgroup first and the memory cgroup last', () => {
  const torn = teardown();
  torn.kill();
  tree.done.length = 0;
  expect(torn.remove()).toBe(true);
  expect(tree.done).toEqual(['remove freezer', 'remove pids', 'remove cpu', 'remove memory']);
});

test('removes what there is', () => {
  const torn = teardown({ killCgroup: false });
  torn.kill();
  expect(torn.remove()).toBe(true);
  expect([...tree.cgroups.keys()]).toEqual(['', 'freezer']);
});

test('stops at the first that processes are in', () => {
  expect(teardown().remove()).toBe(false);
  expect(tree.done).toEqual([]);
});

describe('the kill before the next attempt', () => {
  test('is made each time while processes are left', () => {
    const torn = teardown();
    expect(torn.remove()).toBe(false);
    expect(torn.killForRemoval()).toBe(true);
    expect(torn.killForRemoval()).toBe(true);
    expect(tree.done.filter((each) => each.startsWith('kill memory'))).toHaveLength(2);
    expect(torn.remove()).toBe(true);
  });

  test('is none while there are only more cgroups than there was time for', () => {
    const torn = teardown();
    torn.kill();
    tree.done.length = 0;
    const { removeBelow, removeDirectory } = tree.native;
    tree.native.removeBelow = () => 'more';
    tree.native.removeDirectory = () => {
      throw refusal('EBUSY');
    };
    expect(torn.remove()).toBe(false);
    expect(torn.killForRemoval()).toBe(true);
    expect(torn.killForRemoval()).toBe(true);
    expect(tree.done).toEqual([]);

    // Then it finds a process again.
    Object.assign(tree.native, { removeBelow, removeDirectory });
    tree.directory('freezer').write('cgroup.procs', '9');
    expect(torn.remove()).toBe(false);
    expect(torn.killForRemoval()).toBe(true);
    expect(tree.done).toContain('kill freezer: 9');
  });

  test('gives the event loop a turn if it took long, and is not made again after that', () => {
    const { killAll } = tree.native;
    tree.native.killAll = (options) => {
      nowMs += 10;
      killAll(options);
    };
    const torn = teardown();
    expect(torn.killForRemoval()).toBe(false);
    tree.done.length = 0;
    expect(torn.killForRemoval()).toBe(true);
    expect(tree.done).toEqual([]);
    // The attempt between found a process nevertheless.
    expect(torn.killForRemoval()).toBe(false);
    expect(tree.done).toHaveLength(4);
  });
});
