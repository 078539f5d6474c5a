import { type KillCgroup, killAll, killCgroupBelow, killCgroupOf } from '../../../../lib/cgroup/processes/kill-cgroup';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';

/** A memory cgroup and its kill cgroup in another hierarchy. Processes that are killed are listed until they end. */
function two({ memory = '7\n8', freezer = '7' } = {}) {
  const killed: string[] = [];
  const tree = cgroupsInMemory(
    { '': {}, memory: { 'cgroup.procs': memory }, freezer: { 'cgroup.procs': freezer } },
    { killAll: ({ path, spare }) => void killed.push(`${path}, spare ${spare.join(' ')}`) },
  );
  const killCgroup: KillCgroup = { kind: 'freezer', directory: tree.directory('freezer') };
  return { ...tree, killed, killCgroup, memory: tree.directory('memory') };
}

test('all are killed where they are frozen, and others in the memory cgroup', () => {
  const { memory, killCgroup, killed } = two();
  killAll(memory, killCgroup);
  expect(killed).toEqual(['freezer, spare ', 'memory, spare 7']);
});

test('v2 has one cgroup for both', () => {
  const { memory, killed } = two();
  killAll(memory, { kind: 'unified', directory: memory });
  killAll(memory);
  expect(killed).toEqual(['memory, spare ', 'memory, spare ']);
});

test('someone else may have removed either', () => {
  const one = two();
  one.cgroups.delete('freezer');
  one.native.killAll = ({ path, spare }) => {
    if (path === 'freezer') throw refusal('ENOENT');
    one.killed.push(`${path}, spare ${spare.join(' ')}`);
  };
  killAll(one.memory, one.killCgroup);
  expect(one.killed).toEqual(['memory, spare ']);

  const other = two();
  other.native.killAll = ({ path }) => {
    if (path === 'memory') throw refusal('ENODEV');
    other.killed.push(path);
  };
  killAll(other.memory, other.killCgroup);
  expect(other.killed).toEqual(['freezer']);
});

test('a cgroup without a kill cgroup that is gone is an error, for the caller to judge', () => {
  const { memory, native } = two();
  native.killAll = () => {
    throw refusal('ENOENT');
  };
  expect(() => killAll(memory)).toThrow(withCode('NO_CGROUP', "Can't kill the processes of /cg/memory"));
});

test.each(['freezer', 'memory'])('rights that a process took away in %s are taken back', (locked) => {
  const { memory, killCgroup, native, killed } = two();
  let isLocked = true;
  native.killAll = ({ path }) => {
    if (path === locked && isLocked) throw refusal('EACCES');
    killed.push(path);
  };
  for (const directory of [memory, killCgroup.directory]) {
    jest.spyOn(directory, 'regainAccess').mockImplementation(() => {
      isLocked = false;
    });
  }
  killAll(memory, killCgroup);
  expect(killed).toEqual(['freezer', 'memory']);
  isLocked = true;
  killed.length = 0;
  if (locked === 'memory') killAll(memory);
  else killAll(killCgroup.directory);
  expect(killed).toEqual([locked]);
});

test('the kill cgroup of a memory cgroup', () => {
  const { memory, killCgroup, directory } = two();
  expect(killCgroupOf(2, memory, killCgroup)).toEqual({ kind: 'unified', directory: memory });
  expect(killCgroupOf(1, memory, killCgroup)).toBe(killCgroup);
  expect(killCgroupOf(1, memory, undefined)).toBeUndefined();
  expect(killCgroupBelow(killCgroup, 'x')).toEqual({ kind: 'freezer', directory: directory('freezer/x') });
  expect(killCgroupBelow(undefined, 'x')).toBeUndefined();
});
