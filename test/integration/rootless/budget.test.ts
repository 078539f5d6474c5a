import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { makeCgroup, tree } from '../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../support/fixture';
import { describeIf } from '../../support/require';
import { user } from '../../support/rootless';

describeIf(['root', 'v1'], 'a budget of a user without rights', () => {
  test("children of libraries wait in the user's own cgroup", async () => {
    const group = makeCgroup();
    for (const name of ['.', 'tasks', 'cgroup.procs']) chownSync(join(group.path, name), user.uid, user.gid);
    try {
      const within = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
      const fixture = { name: 'jobs/budget/as-user.js', within, env: { HOME: '/' } };
      expect(await fixtureResult(fixture, group.path)).toEqual({ queued: 2, signal: 'SIGTERM', isItself: true });
      expect(tree(group.path).slice(1)).toEqual([]);
    } finally {
      group.remove();
    }
  });
});
