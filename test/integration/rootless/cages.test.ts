import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { makeCgroup, tree } from '../../support/cgroups/cgroup-tree';
import { describeIf } from '../../support/require';
import { type Attempt, lines, runAfter, SHOW_MAPS, user } from '../../support/rootless';

const LIMIT = 32 * 1024 * 1024;
const HOG = 'head -c 200M /dev/zero | tail';

/** A memory cgroup that belongs to the user, as if delegated by an administrator. */
function delegate(): ReturnType<typeof makeCgroup> {
  const group = makeCgroup();
  for (const name of ['.', 'tasks', 'cgroup.procs']) chownSync(join(group.path, name), user.uid, user.gid);
  return group;
}

describeIf(['root', 'v1', 'unprivileged-userns'], 'a cage of a user without rights', () => {
  let group: ReturnType<typeof makeCgroup>;
  beforeEach(() => {
    group = delegate();
  });
  afterEach(() => {
    const left = tree(group.path).slice(1);
    group.remove();
    expect(left).toEqual([]);
  });

  const run = (...attempts: [script: string, options: Attempt[2]][]) =>
    runAfter(
      [],
      attempts.map(([script, options]) => ['sh', ['-c', script], { parent: group.path, ...options }]),
    );
  const SHOW = `sed -n 's/.*:memory:.*memcage-test/memcage-test/p' /proc/self/cgroup; ${SHOW_MAPS}`;

  test('a limit without namespaces', async () => {
    const [fits, hog] = await run([SHOW, { memory: LIMIT }], [HOG, { memory: LIMIT }]);
    const [cgroup, ...maps] = lines(fits?.stdout ?? '');
    expect(cgroup).toMatch(/^memcage-test-.*\/memcage-/);
    expect(maps).not.toContain(`uid ${user.uid} ${user.uid} 1`);
    expect(hog?.oom).toMatchObject({ cause: 'limit' });
  });

  test('a limit with namespaces', async () => {
    const namespaces = { pid: true, mount: true, uts: { hostname: 'inside' } };
    const [fits, hog] = await run(
      [`${SHOW}; echo $$ $(hostname)`, { memory: LIMIT, namespaces }],
      [HOG, { memory: LIMIT, namespaces }],
    );
    const [cgroup, ...rest] = lines(fits?.stdout ?? '');
    expect(cgroup).toMatch(/^memcage-test-.*\/memcage-/);
    expect(rest).toEqual([`uid ${user.uid} ${user.uid} 1`, `gid ${user.gid} ${user.gid} 1`, '1 inside']);
    expect(hog?.oom).toMatchObject({ cause: 'limit' });
  });
});
