import { limitOf, limitOfAncestor, limitOfAncestorAt } from '../../../../lib/cage/oom/whose-limit';
import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type * as HostModule from '../../../../lib/cgroup/hierarchy/host';
import { type CgroupsInMemory, cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';

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
  expect(limitOf('limit', tree.directory('limited'), 2)).toEqual({
    cause: 'limit',
    limitBytes: 8192,
    path: '/cg/limited',
  });
  expect(limitOf('limit', tree.directory('free'), 2).limitBytes).toBeNull();
  // The root of a hierarchy has no such file.
  expect(limitOf('ancestor', tree.directory(CAGE), 2).limitBytes).toBeNull();
});

test('a cgroup that is gone has no limit, and any other refusal is an error', () => {
  expect(limitOf('descendant', tree.directory('gone'), 2)).toEqual({
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
  expect(() => limitOf('limit', directory('c'), 2)).toThrow(withCode('NO_PERMISSION'));
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
