import { type OomEvidenceV1, type OomEvidenceV2, verdictV1, verdictV2 } from '../../../lib/cgroup/verdict';
import type { OomVerdict } from '../../../types/outcome';
import { testRows } from '../../support/rows';

type Cause = OomVerdict['cause'];

const COUNTS = [0, 1, 2];
const FLAGS = [false, true];

/** Every combination of the values of each field. */
function combinations<T>(fields: { [K in keyof T]: readonly T[K][] }): T[] {
  let all: Partial<T>[] = [{}];
  for (const key of Object.keys(fields) as (keyof T)[]) {
    all = all.flatMap((partial) => fields[key].map((value) => ({ ...partial, [key]: value })));
  }
  return all as T[];
}

describe('verdictV1', () => {
  const quiet: OomEvidenceV1 = {
    kills: 0,
    ownKills: 0,
    fired: 0,
    firedAbove: 0,
    nestedLimitHit: false,
    nestedRemoved: false,
  };

  testRows<[string, Partial<OomEvidenceV1>, Cause | null]>(
    'is right in the cases that are known',
    [
      ['nothing happened', {}, null],
      ['a plain SIGKILL, or exit code 137', {}, null],
      ['our limit', { kills: 1, ownKills: 1, fired: 1 }, 'limit'],
      ['our limit, notified twice', { kills: 1, ownKills: 1, fired: 2 }, 'limit'],
      ['our limit, the victim in a cgroup below', { kills: 1, fired: 1 }, 'limit'],
      ['our limit, a nested limit hit as well', { kills: 2, ownKills: 1, fired: 1, nestedLimitHit: true }, 'limit'],
      ["our limit and an ancestor's", { kills: 2, ownKills: 2, fired: 2, firedAbove: 1 }, 'limit'],
      ["an ancestor's limit", { kills: 1, ownKills: 1, fired: 1, firedAbove: 1 }, 'ancestor'],
      ["an ancestor's limit, the victim elsewhere (a sibling)", { fired: 1, firedAbove: 1 }, null],
      ["an ancestor's limit, read between its two notifications", { kills: 1, ownKills: 1, firedAbove: 1 }, 'ancestor'],
      ['a nested limit', { kills: 1, nestedLimitHit: true }, 'descendant'],
      ['a nested limit, long ago; now the system', { kills: 1, ownKills: 1, nestedLimitHit: true }, 'system'],
      ['the system', { kills: 1, ownKills: 1 }, 'system'],
      ['the system, the victim in a cgroup below', { kills: 1 }, 'system'],
      ['our limit, the victim gone with its cgroup', { fired: 1, nestedRemoved: true }, 'unknown'],
      ['a cgroup removed, no OOM', { nestedRemoved: true }, null],
      ["an ancestor's OOM, a cgroup removed", { fired: 1, firedAbove: 1, nestedRemoved: true }, null],
      ['our limit hit, and memory freed in time', { fired: 1 }, null],
    ],
    ([, evidence, cause]) => {
      const { kills } = { ...quiet, ...evidence };

      expect(verdictV1({ ...quiet, ...evidence })).toEqual(cause === null ? null : { cause, kills });
    },
  );

  const all = combinations<OomEvidenceV1>({
    kills: COUNTS,
    ownKills: COUNTS,
    fired: COUNTS,
    firedAbove: COUNTS,
    nestedLimitHit: FLAGS,
    nestedRemoved: FLAGS,
  });

  // The rules of the kernel's counters, each as what must hold in all of their states.
  testRows('follows the rules of the counters in all of their states', all, (evidence) => {
    const { kills, ownKills, fired, firedAbove, nestedLimitHit, nestedRemoved } = evidence;
    const verdict = verdictV1(evidence);

    // The count is the kernel's, and no count is no verdict, save where it may be lost.
    if (kills > 0) expect(verdict?.kills).toBe(kills);
    else if (verdict !== null) expect(verdict).toEqual({ cause: 'unknown', kills: 0 });
    expect(verdict?.cause === 'unknown').toBe(kills === 0 && nestedRemoved && fired > firedAbove);
    // Ours if and only if we were notified more often than the cgroup above.
    expect(verdict?.cause === 'limit').toBe(kills > 0 && fired > firedAbove);
    expect(verdict?.cause === 'ancestor').toBe(kills > 0 && firedAbove > 0 && fired <= firedAbove);
    const silent = kills > 0 && fired === 0 && firedAbove === 0;
    expect(verdict?.cause === 'descendant').toBe(silent && nestedLimitHit && ownKills < kills);
    expect(verdict?.cause === 'system').toBe(silent && !(nestedLimitHit && ownKills < kills));
  });
});

describe('verdictV2', () => {
  const none = { oom: 0, oom_kill: 0 };
  const quiet: OomEvidenceV2 = { hierarchical: none, local: none, cages: [], ancestorOom: 0 };

  testRows<[string, Partial<OomEvidenceV2>, Cause | null]>(
    'is right in the cases that are known',
    [
      ['nothing happened', {}, null],
      ['our limit', { hierarchical: { oom: 1, oom_kill: 1 }, local: { oom: 1, oom_kill: 1 } }, 'limit'],
      [
        'our limit, the victim in a cgroup below',
        { hierarchical: { oom: 1, oom_kill: 1 }, local: { oom: 1, oom_kill: 0 } },
        'limit',
      ],
      ['our limit, a group kill', { hierarchical: { oom: 1, oom_kill: 5 }, local: { oom: 1, oom_kill: 5 } }, 'limit'],
      ["a descendant's limit", { hierarchical: { oom: 1, oom_kill: 1 } }, 'descendant'],
      [
        'the limit of a cage of ours above',
        { hierarchical: { oom: 0, oom_kill: 1 }, local: { oom: 0, oom_kill: 1 }, cages: [{ oom: 1, oom_kill: 0 }] },
        'limit',
      ],
      [
        'the limit of the outer of two cages of ours',
        { hierarchical: { oom: 0, oom_kill: 1 }, cages: [none, { oom: 1, oom_kill: 0 }] },
        'limit',
      ],
      ['the limit of a cage of ours, the victim a sibling', { cages: [{ oom: 1, oom_kill: 0 }] }, null],
      [
        "a descendant's limit, though a sibling hit that of the cage",
        { hierarchical: { oom: 1, oom_kill: 1 }, cages: [{ oom: 1, oom_kill: 0 }] },
        'descendant',
      ],
      ["an ancestor's limit", { hierarchical: { oom: 0, oom_kill: 1 }, ancestorOom: 1 }, 'ancestor'],
      ["an ancestor's limit, the victim elsewhere", { ancestorOom: 1 }, null],
      ['the system', { hierarchical: { oom: 0, oom_kill: 1 }, cages: [none] }, 'system'],
      [
        'an ancestor or the system, out of sight',
        { hierarchical: { oom: 0, oom_kill: 2 }, ancestorOom: null },
        'unknown',
      ],
      ['our limit hit, no victim', { hierarchical: { oom: 3, oom_kill: 0 }, local: { oom: 3, oom_kill: 0 } }, null],
    ],
    ([, evidence, cause]) => {
      const whole = { ...quiet, ...evidence };

      expect(verdictV2(whole)).toEqual(cause === null ? null : { cause, kills: whole.hierarchical.oom_kill });
    },
  );

  const all = combinations<{
    oom: number;
    kills: number;
    localOom: number;
    cageOom: number | null;
    above: number | null;
  }>({
    oom: COUNTS,
    kills: COUNTS,
    localOom: COUNTS,
    cageOom: [null, 0, 1],
    above: [null, 0, 1],
  });

  testRows(
    'follows the rules of the counters in all of their states',
    all,
    ({ oom, kills, localOom, cageOom, above }) => {
      const verdict = verdictV2({
        // The hierarchical count includes the local one.
        hierarchical: { oom: oom + localOom, oom_kill: kills },
        local: { oom: localOom, oom_kill: 0 },
        cages: cageOom === null ? [] : [{ oom: cageOom, oom_kill: 0 }],
        ancestorOom: above,
      });

      if (kills === 0) {
        expect(verdict).toBeNull();
        return;
      }
      expect(verdict?.kills).toBe(kills);
      const outside = localOom === 0 && oom === 0 && cageOom !== 1;
      expect(verdict?.cause === 'limit').toBe(localOom > 0 || (oom === 0 && cageOom === 1));
      expect(verdict?.cause === 'descendant').toBe(localOom === 0 && oom > 0);
      expect(verdict?.cause === 'ancestor').toBe(outside && above === 1);
      expect(verdict?.cause === 'system').toBe(outside && above === 0);
      expect(verdict?.cause === 'unknown').toBe(outside && above === null);
    },
  );
});
