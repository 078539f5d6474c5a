import { killingLimit, limitOfAncestor, limitOfAncestorAt, wasHit } from '../../../../lib/cage/oom/killing-limit';
import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type * as HostModule from '../../../../lib/cgroup/hierarchy/host';
import { type CgroupsInMemory, cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

let tree: CgroupsInMemory;
jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({
  ...jest.requireActual<typeof HostModule>('../../../../lib/cgroup/hierarchy/host'),
  openDirectory: (path: string) => CgroupDirectory.anchoredAt(tree.native, tree.native.openDirectory({ path }), path),
}));

const CAGE = 'memcage-7-0a';
beforeEach(() => {
  tree = cgroupsInMemory({
    '': {},
    limited: { 'memory.max': '8192\n' },
    free: { 'memory.max': 'max\n' },
    [CAGE]: {},
    [`${CAGE}/1`]: { 'memory.max': '4096\n' },
  });
});

test('a limit is told as it is now, and none as null', () => {
  expect(killingLimit('limit', tree.directory('limited'), 2)).toEqual({
    cause: 'limit',
    limitBytes: 8192,
    path: '/cg/limited',
  });
  expect(killingLimit('limit', tree.directory('free'), 2).limitBytes).toBeNull();
  // The root of a hierarchy has no such file.
  expect(killingLimit('ancestor', tree.directory(CAGE), 2).limitBytes).toBeNull();
});

test('a cgroup that is gone has no limit, and any other refusal is an error', () => {
  expect(killingLimit('descendant', tree.directory('gone'), 2)).toEqual({
    cause: 'descendant',
    limitBytes: null,
    path: '/cg/gone',
  });
  const { directory } = cgroupsInMemory(
    { c: {} },
    {
      readBeneath: () => {
        throw refusal('EACCES');
      },
    },
  );
  expect(() => killingLimit('limit', directory('c'), 2)).toThrow(withCode('NO_PERMISSION'));
});

test('an ancestor may be a cage', () => {
  expect(limitOfAncestor(tree.directory('limited'), 2).cause).toBe('ancestor');
  expect(limitOfAncestor(tree.directory(`${CAGE}/1`), 2)).toEqual({
    cause: 'cage',
    limitBytes: 4096,
    path: `/cg/${CAGE}/1`,
  });
  // In the cage of another process, at any depth.
  const causes = ['1/2', '1/2/leaf-3', '1/limited-4'].map(
    (below) => limitOfAncestorAt(`/cg/${CAGE}/${below}`, 2).cause,
  );
  expect(causes).toEqual(['cage', 'cage', 'cage']);
});

test('an ancestor by its path, which leaves no fd', () => {
  const before = [...tree.open.keys()];
  expect(limitOfAncestorAt('/cg/limited', 2)).toEqual({ cause: 'ancestor', limitBytes: 8192, path: '/cg/limited' });
  expect(limitOfAncestorAt(`/cg/${CAGE}/2`, 2)).toEqual({ cause: 'cage', limitBytes: null, path: `/cg/${CAGE}/2` });
  expect([...tree.open.keys()]).toEqual(before);
});

const LIMIT = 1_048_576;
const quiet = {
  'memory.limit_in_bytes': `${LIMIT}\n`,
  'memory.failcnt': '0\n',
  'memory.memsw.failcnt': '0\n',
  'memory.max_usage_in_bytes': '4096\n',
};

testRows<[string, Partial<typeof quiet>, boolean]>(
  'whether a limit was hit',
  [
    ['nothing happened', {}, false],
    ['memory was refused', { 'memory.failcnt': '1\n' }, true],
    ['memory and swap were refused', { 'memory.memsw.failcnt': '1\n' }, true],
    ['the use was at the limit', { 'memory.max_usage_in_bytes': `${LIMIT}\n` }, true],
    ['the next charge would have been too much', { 'memory.max_usage_in_bytes': `${LIMIT - 16_384 + 4096}\n` }, true],
    ['the largest charge had room', { 'memory.max_usage_in_bytes': `${LIMIT - 16_384}\n` }, false],
    ['there is no limit', { 'memory.limit_in_bytes': '9223372036854771712\n', 'memory.failcnt': '1\n' }, false],
  ],
  ([, files, expected]) => {
    const { directory } = cgroupsInMemory({ c: { ...quiet, ...files } });
    expect(wasHit(directory('c'))).toBe(expected);
  },
);

test('a kernel that does not account swap has no count of it', () => {
  const { 'memory.memsw.failcnt': _, ...files } = quiet;
  expect(wasHit(cgroupsInMemory({ c: files }).directory('c'))).toBe(false);
  expect(wasHit(cgroupsInMemory({ c: { ...files, 'memory.failcnt': '2\n' } }).directory('c'))).toBe(true);
});

test('what is no number is named', () => {
  const { directory } = cgroupsInMemory({ c: { ...quiet, 'memory.max_usage_in_bytes': 'much\n' } });
  expect(() => wasHit(directory('c'))).toThrow('/cg/c/memory.max_usage_in_bytes');
});
