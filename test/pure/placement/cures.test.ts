import { makeAtRootCure } from '../../../lib/placement/cures';

test('a place at the root of v2: the files that are needed are given, limits are not', () => {
  expect(makeAtRootCure('/cg', 1000)).toBe(
    'let root run "mkdir -p /cg/cages-1000/main && echo +memory > /cg/cgroup.subtree_control && ' +
      'echo +memory > /cg/cages-1000/cgroup.subtree_control && ' +
      'chown 1000 /cg/cages-1000 /cg/cages-1000/cgroup.procs /cg/cages-1000/cgroup.subtree_control && ' +
      'echo PID > /cg/cages-1000/main/cgroup.procs", with the pid of the shell that starts this program in place of PID',
  );
});
