import type { SharedCage } from '../../../../lib/cage/contract/cage';
import { Headroom } from '../../../../lib/jobs/budget/headroom';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';

const MEMORY = 100 * 2 ** 20;

/** A cage with the limit that it is given, and what writes it. */
function cageWith(maxBytes: number): { cage: SharedCage; limits: number[]; refuses: boolean } {
  const made = { limits: [maxBytes], refuses: false, cage: undefined as unknown as SharedCage };
  made.cage = {
    enforcedBy: { kind: 'kernel' },
    cgroup: { usage: () => ({ limitBytes: made.limits.at(-1) }) },
    setLimits({ memory: { max } }: { memory: { max: number } }) {
      if (made.refuses) throw refusal('EMFILE');
      made.limits.push(max);
    },
  } as unknown as SharedCage;
  return made;
}

test.each<[string, (headroom: Headroom, cage: SharedCage) => void]>([
  ['more jobs', (headroom, cage) => headroom.makeFor(65, cage)],
  ['more children that wait', (headroom, cage) => headroom.hold(2 ** 20, cage)],
])('what was refused for %s is written next time', (_, grow) => {
  const headroom = new Headroom(MEMORY);
  const made = cageWith(headroom.around('100M') as number);
  made.refuses = true;
  expect(() => grow(headroom, made.cage)).toThrow('EMFILE');
  made.refuses = false;
  grow(headroom, made.cage);
  expect(made.limits).toHaveLength(2);
  expect(made.limits[1]).toBeGreaterThan(made.limits[0] ?? 0);
});

test('a limit that somebody else has given counts', () => {
  const headroom = new Headroom(MEMORY);
  const { cage, limits } = cageWith(MEMORY / 2);
  headroom.makeFor(1000, cage);
  expect(limits).toEqual([MEMORY / 2]);
});
