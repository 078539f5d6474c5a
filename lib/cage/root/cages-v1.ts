import { holdBelow } from '../../cgroup/limits/limit-files';
import { undo } from '../../cgroup/processes/remove';
import { AncestorsV1 } from '../oom/ancestors-v1';
import type { CageVersion } from './cage-version';
import { ControllersV1 } from './controllers-v1';
import { makeRootKillCgroup, sweepKillHierarchies } from './kill-hierarchy';

export const CAGES_V1: CageVersion = {
  enableLimitsBelow() {},
  foreseeLimitsBelow() {},
  foreseeJoin() {},
  holdBelow,
  // Without a stamp, the inventory doesn't take it for a cage that was made ahead (`ListedCage.spare`).
  becomeParent: (memory) => undo(() => memory.unstamp()),
  makeKillCgroup: makeRootKillCgroup,
  openControllers: (root) => new ControllersV1(root),
  sweepKillHierarchies,
  surroundingsOf: (root, host) => ({ version: 1, cages: [], ancestors: new AncestorsV1(root, host) }),
};
