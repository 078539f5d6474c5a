import type { LoggedKill } from '../../../../lib/cage/oom/kill-records';
import type { KillingLimit, Whose } from '../../../../lib/cage/oom/killing-limit';
import { type Ancestors, LimitsAround } from '../../../../lib/cage/oom/limits-around';
import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type * as HostModule from '../../../../lib/cgroup/hierarchy/host';
import { type CgroupsInMemory, cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';
import { testRows } from '../../../support/rows';

const OWNER = 'a/memcage-7-0a';
const OUTER = `${OWNER}/1`;
const INNER = `${OUTER}/2`;
const LEAF = `${INNER}/leaf-3`;

let tree: CgroupsInMemory;
jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({
  ...jest.requireActual<typeof HostModule>('../../../../lib/cgroup/hierarchy/host'),
  host: () => ({ memory: { mountPoint: '/cg', mountRoot: '/seen' } }),
  openDirectory: (path: string) => CgroupDirectory.anchoredAt(tree.native, tree.native.openDirectory({ path }), path),
}));

beforeEach(() => {
  const limit = (bytes: number | 'max') => ({ 'memory.max': `${bytes}\n` });
  tree = cgroupsInMemory({
    '': {},
    a: limit(90_000),
    [OWNER]: limit('max'),
    [OUTER]: limit(50_000),
    [INNER]: limit(40_000),
    [LEAF]: limit(40_000),
    [`${LEAF}/payload`]: limit(10_000),
  });
});

/** The limits around the leaf, which is in two cages. */
function around({ isOwn = true, path = LEAF } = {}): LimitsAround {
  const cage = (of: string, isOwnCage: boolean) => ({ directory: tree.directory(of), isOwn: isOwnCage, ooms: () => 0 });
  const cages = [cage(INNER, isOwn), cage(OUTER, false)];
  const ancestors = { limitAt: (index: number) => whose('ancestor', 'a', index) } as Ancestors;
  return new LimitsAround(tree.directory(path), { version: 2, cages, ancestors });
}

const whose = (cause: KillingLimit['cause'], path: string, limitBytes: number | null): KillingLimit => ({
  cause,
  limitBytes,
  path: `/cg/${path}`,
});

describe("the child's own limit", () => {
  const setLeaf = (text: string) => tree.directory(LEAF).write('memory.max', text);

  test('is that of its cage, which a leaf repeats', () => {
    expect(around().own()).toEqual(whose('limit', INNER, 40_000));
  });
  test('is that of the leaf, if it has less', () => {
    setLeaf('39999');
    expect(around().own()).toEqual(whose('limit', LEAF, 39_999));
  });
  test('is never a leaf that has more, or no limit', () => {
    setLeaf('40001');
    expect(around().own()).toEqual(whose('limit', INNER, 40_000));
    setLeaf('max');
    expect(around().own()).toEqual(whose('limit', INNER, 40_000));
  });
  test('is its own alone, if the nearest cage is another', () => {
    expect(around({ isOwn: false }).own()).toEqual(whose('limit', LEAF, 40_000));
  });
});

test('the limits of the cages, the nearest first', () => {
  expect(around().ofCage(0)).toEqual(whose('limit', INNER, 40_000));
  expect(around().ofCage(1)).toEqual(whose('cage', OUTER, 50_000));
  expect(around().ofCage(2)).toEqual({ cause: 'cage', limitBytes: null, path: null });
});

test('the limit that the counts are about', () => {
  const named = (of: Whose) => around().named(of, () => undefined);
  expect(named({ cause: 'limit' })).toEqual(whose('limit', INNER, 40_000));
  expect(named({ cause: 'cage', index: 1 })).toEqual(whose('cage', OUTER, 50_000));
  expect(named({ cause: 'ancestor', index: 7 })).toEqual(whose('ancestor', 'a', 7));
  for (const cause of ['system', 'unknown'] as const) {
    expect(named({ cause })).toEqual({ cause, limitBytes: null, path: null });
  }
});

test('the limit of a cgroup below, which may be gone', () => {
  const below = (path?: string) => around().named({ cause: 'descendant' }, () => path);
  expect(below(`/cg/${LEAF}/payload`)).toEqual(whose('descendant', `${LEAF}/payload`, 10_000));
  expect(below(`/cg/${LEAF}/payload/x`)).toEqual(whose('descendant', `${LEAF}/payload/x`, null));
  expect(below()).toEqual({ cause: 'descendant', limitBytes: null, path: null });
});

/** A kill at the limit of the cgroup to which the kernel gives this name. */
const at = (limitCgroup: string | null): LoggedKill => ({
  victim: { pid: 1, name: 'x' },
  timeUs: 0,
  victimCgroup: `/seen/${LEAF}`,
  limitCgroup,
  limitBytes: null,
});
const kernelName = (path: string): string => `/seen/${path}`;

testRows<[string, (string | null)[], KillingLimit | undefined]>(
  'the nearest of the limits in the log',
  [
    ['none', [], undefined],
    ['its own', [kernelName(LEAF)], whose('limit', INNER, 40_000)],
    ['one below', [kernelName(`${LEAF}/payload`)], whose('descendant', `${LEAF}/payload`, 10_000)],
    ['its cage', [kernelName(INNER)], whose('limit', INNER, 40_000)],
    ['the cage around that', [kernelName(OUTER)], whose('cage', OUTER, 50_000)],
    ['an ancestor', [kernelName('a')], whose('ancestor', 'a', 90_000)],
    ['an ancestor out of sight', ['/elsewhere'], { cause: 'ancestor', limitBytes: null, path: null }],
    ['the machine', [null], { cause: 'system', limitBytes: null, path: null }],
    ['its own, before one below', [kernelName(`${LEAF}/payload`), kernelName(LEAF)], whose('limit', INNER, 40_000)],
    [
      'one below, before the cages',
      [kernelName(INNER), kernelName(`${LEAF}/payload`)],
      whose('descendant', `${LEAF}/payload`, 10_000),
    ],
    ['the nearer cage', [kernelName(OUTER), kernelName(INNER)], whose('limit', INNER, 40_000)],
    ['a cage, before an ancestor', [kernelName('a'), kernelName(OUTER)], whose('cage', OUTER, 50_000)],
    ['the nearer ancestor', [kernelName('a'), kernelName(OWNER)], whose('ancestor', OWNER, null)],
    ['an ancestor, before the machine', [null, kernelName('a')], whose('ancestor', 'a', 90_000)],
    // A name that merely begins like its own.
    ['a sibling, though that can not be', [kernelName(`${LEAF}4`)], whose('cage', `${LEAF}4`, null)],
  ],
  ([, limits, expected]) => expect(around({ isOwn: true }).logged(limits.map(at))).toEqual(expected),
);

test('of a hit at a level: the child, then the cages, the nearest first', () => {
  expect(around().atLevel(-1)).toBeUndefined();
  expect(around({ isOwn: false }).atLevel(0)).toEqual(whose('limit', LEAF, 40_000));
  expect(around().atLevel(1)).toEqual(whose('limit', INNER, 40_000));
  expect(around().atLevel(2)).toEqual(whose('cage', OUTER, 50_000));
});
