import { undo } from '../../cgroup/processes/remove';
import { AncestorsV1 } from '../../oom/ancestors-v1';
import type { CageVersion } from './cage-version';
import { ControllersV1 } from './controllers-v1';
import { makeRootKillCgroup, sweepKillHierarchies } from './kill-hierarchy';

export const CAGES_V1: CageVersion = {
  guardedKind: 'memory',
  enableLimitsBelow() {},
  foreseeLimitsBelow() {},
  foreseeJoin() {},
  becomeParent(memory) {
    // Without a stamp, the inventory doesn't take it for a cage that was made ahead (`ListedCage.spare`).
    undo(() => memory.unstamp());
    // If it is 0 (some machines before Linux 5.11, which dropped it), the limit would not hold for cgroups below.
    if (memory.readIfPresent('memory.use_hierarchy')?.trim() === '0') memory.write('memory.use_hierarchy', '1');
  },
  makeKillCgroup: makeRootKillCgroup,
  openControllers: (root) => new ControllersV1(root),
  sweepKillHierarchies,
  surroundingsOf: (root, _parent, host) => ({ version: 1, cages: [], ancestors: new AncestorsV1(root, host) }),
};
