// What is mutated. A file belongs here if its decisions can be tried without a kernel.

/** The files of each room. */
export const ROOMS = {
  verdict: [
    'lib/cage/oom/decide-whose-limit.ts',
    'lib/cage/oom/kill-records.ts',
    'lib/cage/oom/limits-around.ts',
    'lib/cage/oom/killing-limit.ts',
  ],
  limits: [
    'lib/cgroup/controllers/controller-plan.ts',
    'lib/cgroup/limits/cage-limits.ts',
    'lib/cgroup/limits/limit-plan.ts',
    'lib/cgroup/limits/limit-files.ts',
    'lib/cgroup/limits/leaf-limits.ts',
    'lib/cgroup/limits/processors.ts',
  ],
  removal: [
    'lib/cage/cgroup/teardown.ts',
    'lib/cage/root/locked-directory.ts',
    'lib/cage/root/sweep.ts',
    'lib/cgroup/processes/kill-cgroup.ts',
    'lib/cgroup/processes/remove-cgroup.ts',
    'lib/start/child/clearing.ts',
  ],
  options: [
    'lib/cgroup/limits/resolve-limits.ts',
    'lib/cgroup/limits/resolve-thresholds.ts',
    'lib/common/options/accepted-options.ts',
    'lib/common/errors/likely-meant.ts',
    'lib/common/options/checks.ts',
    'lib/common/options/native-options.ts',
    'lib/common/options/node-options.ts',
    'lib/common/options/option-names.ts',
    'lib/common/text/size.ts',
  ],
};
