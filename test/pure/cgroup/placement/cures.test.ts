import { makeAtRootCure, makeSideCure } from '../../../../lib/cgroup/placement/candidates';

test('a place at the root of v2: the files that are needed are given, limits are not, and controllers that are there', () => {
  const controllers = ['cpuset', 'cpu', 'io', 'memory'];
  expect(makeAtRootCure({ path: '/cg', controllers }, 1000)).toBe(
    'let root run "mkdir -p /cg/cages-1000/main && echo +memory +cpu +cpuset > /cg/cgroup.subtree_control && ' +
      'echo +memory > /cg/cages-1000/cgroup.subtree_control && ' +
      'chown 1000 /cg/cages-1000 /cg/cages-1000/cgroup.procs /cg/cages-1000/cgroup.subtree_control && ' +
      'echo PID > /cg/cages-1000/main/cgroup.procs", with the pid of the shell that starts this program in place of PID',
  );
});

test('a place in another hierarchy of v1, for the shell: a cpuset takes no process before it has processors', () => {
  expect(makeSideCure('/pids/a', 1000, { isCpuset: false })).toBe(
    'let root run "mkdir -p /pids/a/cages-1000 && chown -R 1000 /pids/a/cages-1000 && echo PID > /pids/a/cages-1000/cgroup.procs", ' +
      'with the pid of the shell that starts this program in place of PID',
  );
  expect(makeSideCure('/cpuset', 1000, { isCpuset: true })).toContain(
    ' && cat /cpuset/cpuset.cpus > /cpuset/cages-1000/cpuset.cpus && cat /cpuset/cpuset.mems > /cpuset/cages-1000/cpuset.mems && ',
  );
});
