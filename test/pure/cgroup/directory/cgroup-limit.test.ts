import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupLimitError } from '../../../../lib/cgroup/directory/cgroup-limit';
import type * as ContainerModule from '../../../../lib/cgroup/names/container';
import { testRows } from '../../../support/rows';

let container: ContainerModule.Container | undefined;
jest.mock('../../../../lib/cgroup/names/container', () => ({
  ...jest.requireActual<typeof ContainerModule>('../../../../lib/cgroup/names/container'),
  detectContainer: () => container,
}));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memcage-limit-'));
  container = undefined;
});
afterEach(() => rmSync(root, { recursive: true }));

/** A cgroup as the kernel shows it. */
function cgroup(name: string, { descendants = 'max', depth = 'max', below = 0 } = {}): string {
  const path = join(root, name);
  mkdirSync(path);
  writeFileSync(join(path, 'cgroup.procs'), '');
  writeFileSync(join(path, 'cgroup.max.descendants'), `${descendants}\n`);
  writeFileSync(join(path, 'cgroup.max.depth'), `${depth}\n`);
  writeFileSync(join(path, 'cgroup.stat'), `nr_descendants ${below}\nnr_dying_descendants 9\n`);
  return path;
}

const refused = { errno: -11, syscall: 'mkdirat', cause: new Error('EAGAIN') };
const errorFor = (path: string) => cgroupLimitError(join(path, 'new'), refused);

test('the number of cgroups is named, where it is limited', () => {
  const top = cgroup('top', { descendants: '3', below: 3 });
  const own = cgroup('top/own', { below: 1 });
  expect(errorFor(own)).toMatchObject({
    code: 'ERR_MEMCAGE_CGROUP_LIMIT',
    errno: -11,
    syscall: 'mkdirat',
    path: `${top}/cgroup.max.descendants`,
    value: '3',
    message:
      `Can't create ${own}/new: ${top}/cgroup.max.descendants is 3, and there are 3 cgroups below it. ` +
      `Cure: let root run "echo max > ${top}/cgroup.max.descendants"`,
  });
});

test('so is the depth, counted from where it is limited', () => {
  const top = cgroup('top', { depth: '1' });
  const own = cgroup('top/own', { descendants: '5', below: 4 });
  expect(errorFor(own)).toMatchObject({
    path: `${top}/cgroup.max.depth`,
    value: '1',
    message: expect.stringContaining(`${top}/cgroup.max.depth is 1, and it would be 2 levels below`) as string,
  });
  expect(errorFor(top)).toMatchObject({ path: `${top}/new` });
});

test('a limit that can not be seen is told as such', () => {
  const own = cgroup('top', { descendants: '3', below: 2 });
  const { message, path, value } = errorFor(own);
  expect({ path, value }).toEqual({ path: `${own}/new`, value: undefined });
  expect(message).toMatch('above what can be seen here');
});

testRows(
  'in a container the limit of its own cgroup is changed from outside',
  [
    ['podman', 'start the container with --cgroup-conf=cgroup.max.descendants=max; or write "max"'],
    ['kubernetes', 'Cure: write "max" to cgroup.max.descendants of the container\'s cgroup, from outside'],
  ] as const,
  ([kind, cure]) => {
    container = { kind, evidence: 'test' };
    const top = cgroup(kind, { descendants: '0' });
    expect(errorFor(top).message).toMatch(cure);
    // One below is this container's own to change.
    const own = cgroup(`${kind}/own`, { descendants: '0' });
    writeFileSync(join(top, 'cgroup.max.descendants'), 'max');
    expect(errorFor(own).message).toMatch('let root run');
  },
);

test('a container that sees the whole hierarchy can change what is at its top', () => {
  container = { kind: 'docker', evidence: 'test' };
  // The hierarchy's own root has no limits.
  writeFileSync(join(root, 'cgroup.procs'), '');
  expect(errorFor(cgroup('top', { descendants: '0' })).message).toMatch('let root run');
});
