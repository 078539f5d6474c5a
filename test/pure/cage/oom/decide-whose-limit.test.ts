import {
  assessKills,
  type Counted,
  levelV1,
  type OomEvidenceV1,
  type OomEvidenceV2,
  whoseV1,
  whoseV2,
} from '../../../../lib/cage/oom/decide-whose-limit';
import type { LoggedKill } from '../../../../lib/cage/oom/kill-records';
import type { KillingLimit, Whose } from '../../../../lib/cage/oom/killing-limit';
import { testRows } from '../../../support/rows';

let log: LoggedKill[] = [];
jest.mock('../../../../lib/cage/oom/kernel-log', () => ({
  killsOf: () => ({ kills: log, victims: log.length === 0 ? null : log.map(({ victim }) => victim), complete: 3 }),
}));

describe('the verdict', () => {
  const victim = { pid: 1, name: 'x' };
  const byLog: KillingLimit = { cause: 'limit', limitBytes: 1, path: '/log' };
  const limits = {
    logged: (kills: readonly LoggedKill[]) => (kills.length === 0 ? undefined : byLog),
    named: ({ cause }: Whose, hit: () => string | undefined) => ({ cause, limitBytes: 2, path: hit() ?? null }),
  };
  const judged = (counted: Partial<Counted>, logged = 0) => {
    log = Array.from({ length: logged }, () => ({
      victim,
      timeUs: 0,
      victimCgroup: '/',
      limitCgroup: '/',
      limitBytes: 1,
    }));
    const none = { kills: 0, mayLackKills: false, mayHaveLost: () => false, hitBelow: () => '/below' };
    return assessKills({ path: '/' }, limits, { ...none, whose: () => ({ cause: 'descendant' }), ...counted });
  };

  test('names the limit of the log, whatever the counts say', () => {
    expect(judged({ kills: 2 }, 1)).toEqual({ kills: 2, verdict: { ...byLog, kills: 2, victims: [victim] } });
  });

  test('names that of the counts without a log', () => {
    const byCounts = { cause: 'descendant', limitBytes: 2, path: '/below', kills: 1, victims: null };
    expect(judged({ kills: 1 })).toEqual({ kills: 1, verdict: byCounts });
  });

  test('counts what only the log knows, where counts may be missing', () => {
    expect(judged({ kills: 1, mayLackKills: true }, 2)).toMatchObject({ kills: 2, verdict: { kills: 2 } });
    expect(judged({ kills: 3, mayLackKills: true }, 2)).toMatchObject({ kills: 3, verdict: { kills: 3 } });
    expect(judged({ kills: 1 }, 2)).toMatchObject({ kills: 1, verdict: { kills: 1 } });
  });

  test('there is none without a kill, unless some may be lost', () => {
    expect(judged({})).toEqual({ kills: 0, verdict: null });
    const asked: number[] = [];
    const mayHaveLost = (logged: number) => asked.push(logged) > 0;
    const unknown = { cause: 'unknown', kills: 0, limitBytes: null, path: null, victims: null };
    expect(judged({ mayHaveLost })).toEqual({ kills: 0, verdict: unknown });
    expect(asked).toEqual([3]);
  });
});

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

describe('v1', () => {
  const quiet: OomEvidenceV1 = { kills: 1, ownKills: 1, fired: [0, 0], nestedLimitHit: false };

  testRows<[string, Partial<OomEvidenceV1>, Whose]>(
    'is right in the cases that are known',
    [
      ['our limit', { fired: [1, 0] }, { cause: 'limit' }],
      ['our limit, notified twice', { fired: [2, 0] }, { cause: 'limit' }],
      ['our limit, the victim in a cgroup below', { ownKills: 0, fired: [1, 0] }, { cause: 'limit' }],
      ['our limit, a nested limit hit as well', { kills: 2, fired: [1, 0], nestedLimitHit: true }, { cause: 'limit' }],
      ["our limit and an ancestor's", { kills: 2, ownKills: 2, fired: [2, 1] }, { cause: 'limit' }],
      ['the limit of the cage around', { fired: [1, 1, 0] }, { cause: 'cage', index: 0 }],
      ['the limit of the outer of two cages', { fired: [1, 1, 1, 0] }, { cause: 'cage', index: 1 }],
      ['ours, the outer cage hit as well', { fired: [2, 1, 1, 0] }, { cause: 'limit' }],
      ["an ancestor's limit", { fired: [1, 1] }, { cause: 'ancestor', index: 0 }],
      ["an ancestor's limit, above a cage", { fired: [1, 1, 1] }, { cause: 'ancestor', index: 0 }],
      ["an ancestor's limit, read between its two notifications", { fired: [0, 1] }, { cause: 'ancestor', index: 0 }],
      ['a nested limit', { ownKills: 0, nestedLimitHit: true }, { cause: 'descendant' }],
      ['a nested limit, long ago; now the machine', { nestedLimitHit: true }, { cause: 'system' }],
      ['the machine', {}, { cause: 'system' }],
      ['the machine, the victim in a cgroup below', { ownKills: 0 }, { cause: 'system' }],
    ],
    ([, evidence, whose]) => expect(whoseV1({ ...quiet, ...evidence })).toEqual(whose),
  );

  const all = combinations<OomEvidenceV1 & { own: number; around: number; above: number }>({
    kills: [1, 2],
    ownKills: COUNTS,
    fired: [[]],
    own: COUNTS,
    around: COUNTS,
    above: COUNTS,
    nestedLimitHit: FLAGS,
  });

  // The rules of the kernel's counters, each as a property that must hold in all of their states.
  testRows('follows the rules of the counters in all of their states', all, ({ own, around, above, ...evidence }) => {
    const { cause } = whoseV1({ ...evidence, fired: [own, around, above] });

    expect(cause === 'limit').toBe(own > around);
    expect(cause === 'cage').toBe(own <= around && around > above);
    expect(cause === 'ancestor').toBe(own <= around && around <= above && above > 0);
    const silent = own + around + above === 0;
    expect(cause === 'descendant').toBe(silent && evidence.nestedLimitHit && evidence.ownKills < evidence.kills);
    expect(cause === 'system').toBe(silent && !(evidence.nestedLimitHit && evidence.ownKills < evidence.kills));
  });

  test('no level is one that was not notified', () => {
    expect(levelV1([0, 0, 0])).toBeUndefined();
  });
});

describe('v2', () => {
  const quiet: OomEvidenceV2 = {
    oomWithin: 0,
    oomAtLimit: 0,
    oomCages: [],
    oomCagesBefore: false,
    oomAncestors: [0],
    hiddenAncestors: false,
  };

  testRows<[string, Partial<OomEvidenceV2>, Whose]>(
    'is right in the cases that are known',
    [
      ['our limit', { oomWithin: 1, oomAtLimit: 1 }, { cause: 'limit' }],
      ["a descendant's limit", { oomWithin: 1 }, { cause: 'descendant' }],
      ['the limit of the cage around', { oomCages: [1] }, { cause: 'cage', index: 0 }],
      ['the limit of the outer of two cages', { oomCages: [0, 1] }, { cause: 'cage', index: 1 }],
      [
        "a descendant's, though a sibling hit that of the cage",
        { oomWithin: 1, oomCages: [1] },
        { cause: 'descendant' },
      ],
      ["an ancestor's limit", { oomAncestors: [0, 1] }, { cause: 'ancestor', index: 1 }],
      [
        "an ancestor's limit, others out of sight",
        { oomAncestors: [1], hiddenAncestors: true },
        { cause: 'ancestor', index: 0 },
      ],
      ['the machine', { oomCages: [0] }, { cause: 'system' }],
      ['an ancestor or the machine, out of sight', { hiddenAncestors: true }, { cause: 'unknown' }],
      [
        'started between the refusal and the kill, perhaps',
        { oomCages: [0], oomCagesBefore: true },
        { cause: 'unknown' },
      ],
    ],
    ([, evidence, whose]) => expect(whoseV2({ ...quiet, ...evidence })).toEqual(whose),
  );

  const all = combinations<OomEvidenceV2>({
    oomWithin: COUNTS,
    oomAtLimit: COUNTS,
    oomCages: [[], [0], [1], [0, 1]],
    oomCagesBefore: FLAGS,
    oomAncestors: [[], [0], [1], [0, 1]],
    hiddenAncestors: FLAGS,
  });

  testRows('follows the rules of the counters in all of their states', all, (evidence) => {
    const { oomWithin, oomAtLimit, oomCages, oomCagesBefore, oomAncestors, hiddenAncestors } = evidence;
    const { cause } = whoseV2(evidence);

    const outside = oomAtLimit === 0 && oomWithin === 0;
    const beyond = outside && !oomCages.includes(1);
    const nowhere = beyond && !oomAncestors.includes(1);
    expect(cause === 'limit').toBe(oomAtLimit > 0);
    expect(cause === 'descendant').toBe(oomAtLimit === 0 && oomWithin > 0);
    expect(cause === 'cage').toBe(outside && oomCages.includes(1));
    expect(cause === 'ancestor').toBe(beyond && oomAncestors.includes(1));
    expect(cause === 'unknown').toBe(nowhere && (hiddenAncestors || oomCagesBefore));
    expect(cause === 'system').toBe(nowhere && !hiddenAncestors && !oomCagesBefore);
  });
});
