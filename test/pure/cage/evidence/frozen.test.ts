import { SharedCageState } from '../../../../lib/cage/evidence/shared-state';
import { whileFrozen } from '../../../../lib/cage/evidence/watching/frozen';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';

/** A cage, and writes of the addon that are pending. */
function frozenCage() {
  const late = new Map<number, string>();
  let isFull = false;
  let isGone = false;
  let now = 'THAWED';
  const set = (value: string | undefined): void => {
    if (isFull) throw refusal('EMFILE');
    if (isGone) throw refusal('ENODEV');
    now = value ?? '';
  };
  const tree = cgroupsInMemory(
    { c: {} },
    {
      readBeneath() {
        set(now);
        return `${now}\n`;
      },
      writeBeneath: ({ value }) => set(value),
      writeLater: ({ value }) => late.set(late.size + 1, value).size,
      makeLateWrite({ id }) {
        if (isGone) throw refusal('ENODEV');
        now = late.get(id) ?? now;
        late.delete(id);
      },
      dropLateWrite: ({ id }) => void late.delete(id),
    },
  );
  const fill = (): void => {
    isFull = true;
  };
  const remove = (): void => {
    isGone = true;
  };
  /** The addon makes what is pending. */
  const beLate = (): void => {
    for (const value of late.values()) now = value;
    late.clear();
  };
  const freezer = { kind: 'freezer', directory: tree.directory('c') } as const;
  return { late, state: new SharedCageState(), freezer, isNow: () => now, fill, remove, beLate };
}

test('a cage goes on where no fd is free any more', () => {
  const { freezer, state, late, isNow, fill } = frozenCage();
  whileFrozen(freezer, state, () => {
    expect([isNow(), late.size]).toEqual(['FROZEN', 1]);
    fill();
  });
  expect([isNow(), late.size]).toEqual(['THAWED', 0]);
});

test('a cage that stays stopped goes on when it may, and by the addon if this thread dies before', () => {
  const { freezer, state, late, isNow, fill } = frozenCage();
  const letGo = whileFrozen(freezer, state, (stay) => stay(100_000));
  expect([isNow(), [...late.values()]]).toEqual(['FROZEN', ['THAWED']]);
  fill();
  letGo();
  expect([isNow(), late.size]).toEqual(['THAWED', 0]);
});

test('what the caller wants frozen stays so, whatever becomes of this thread', () => {
  const { freezer, state, late, isNow } = frozenCage();
  whileFrozen(freezer, state, () => {
    state.staysFrozen = true;
  });
  expect([isNow(), late.size]).toEqual(['FROZEN', 0]);
});

test('what the caller wants frozen is frozen again if this thread was late, and the addon has thawed it', () => {
  const { freezer, state, isNow, beLate } = frozenCage();
  whileFrozen(freezer, state, () => {
    state.staysFrozen = true;
    beLate();
    expect(isNow()).toBe('THAWED');
  });
  expect(isNow()).toBe('FROZEN');
});

test.each([true, false])(
  'what was read counts if the cage is gone meanwhile, and was to stay frozen: %s',
  (staysFrozen) => {
    const { freezer, state, late, remove } = frozenCage();
    const read = whileFrozen(freezer, state, () => {
      state.staysFrozen = staysFrozen;
      remove();
      return 'read';
    });
    expect([read, late.size]).toEqual(['read', 0]);
  },
);
