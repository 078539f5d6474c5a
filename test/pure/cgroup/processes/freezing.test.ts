import { Freezing } from '../../../../lib/cgroup/processes/freezing';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { thrown } from '../../../support/thrown';

/** A freezer that obeys at once. */
function frozenBy() {
  const { cgroups, directory } = cgroupsInMemory({ c: { 'freezer.state': 'THAWED' } });
  const told: string[] = [];
  const state = (): string => cgroups.get('c')?.['freezer.state']?.trim() ?? 'removed';
  const cgroup = {
    path: '/cg/c',
    killCgroup: { kind: 'freezer', directory: directory('c') } as const,
    events: { look: () => void told.push(`look at ${state()}`) },
  };
  const freezing = new Freezing(cgroup, (stays) => void told.push(`${stays ? 'stays frozen' : 'runs on'}, ${state()}`));
  return { freezing, state, told, cgroups };
}

test('what the caller has frozen stays so when the budget lets go', async () => {
  const { freezing, state } = frozenBy();
  freezing.holdForBudget(true);
  await freezing.freeze();
  freezing.holdForBudget(false);
  expect([state(), freezing.isFrozen]).toEqual(['FROZEN', true]);
  await freezing.thaw();
  expect([state(), freezing.isFrozen]).toEqual(['THAWED', false]);
});

test('what a budget holds stays so when the caller thaws it, who is told', async () => {
  const { freezing, state } = frozenBy();
  await freezing.freeze();
  freezing.holdForBudget(true);
  await expect(freezing.thaw()).rejects.toThrow(withCode('BUSY', 'stays frozen until its budget has more memory free'));
  expect(state()).toBe('FROZEN');
  freezing.holdForBudget(false);
  expect(state()).toBe('THAWED');
});

test('a thread that freezes it too is told before, and events are looked at after', async () => {
  const { freezing, told } = frozenBy();
  await freezing.freeze();
  await freezing.thaw();
  freezing.holdForBudget(true);
  freezing.holdForBudget(false);
  const both = ['stays frozen, THAWED', 'look at FROZEN', 'runs on, FROZEN', 'look at THAWED'];
  expect(told).toEqual([...both, ...both]);
});

test('a budget that is refused holds nothing', () => {
  const { freezing, told, cgroups } = frozenBy();
  cgroups.delete('c');
  expect(thrown(() => freezing.holdForBudget(true))).toEqual(withCode('NO_CGROUP', '/cg/c'));
  expect(told).toEqual(['stays frozen, removed', 'runs on, removed']);
});

test('what stays frozen for long has a cgroup above that is, and thaw() says so', async () => {
  const { directory } = cgroupsInMemory({ c: { 'cgroup.freeze': '0', 'cgroup.events': 'populated 1\nfrozen 1' } });
  const killCgroup = { kind: 'unified', directory: directory('c') } as const;
  const freezing = new Freezing({ path: '/cg/c', killCgroup, events: undefined });
  jest.useFakeTimers();
  try {
    const refused = expect(freezing.thaw()).rejects.toThrow(withCode('BUSY', 'a cgroup above'));
    await jest.advanceTimersByTimeAsync(6000);
    await refused;
  } finally {
    jest.useRealTimers();
  }
});

test('without anything that could freeze it, each says what it needs', async () => {
  const events = { look: () => {} };
  const freezing = new Freezing({ path: '/cg/c', killCgroup: undefined, events });
  expect([freezing.isPossible, freezing.isFrozen]).toEqual([false, false]);
  await expect(freezing.freeze()).rejects.toThrow(withCode('NOT_IN_VERSION', 'freeze() needs cgroup v2'));
  await expect(freezing.thaw()).rejects.toThrow(withCode('NOT_IN_VERSION', 'thaw() needs cgroup v2'));
});
