import type { GuardedKind } from '../../types/native';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { Host } from '../cgroup/hierarchy/host';
import type { OomSurroundings } from '../oom/surroundings';
import type { RootKillCgroup } from './kill-hierarchy';

/** What it takes to make cages on one version of cgroups. */
export interface CageVersion {
  /** What the guardian is told that a cage root is. */
  readonly guardedKind: GuardedKind;
  /** Before the first cgroup is made below a parent or a cage root: it must be able to have limits. */
  enableLimitsBelow(directory: CgroupDirectory): void;
  /** Before the first cgroup is made below that of a cage. */
  becomeParent(memory: CgroupDirectory): void;
  /** The kill cgroup of all cages of a root. */
  makeKillCgroup(host: Host, hasGuardian: boolean): RootKillCgroup | undefined;
  /** Sweep ahead of time where kill cgroups will be made. */
  sweepKillHierarchies(host: Host): Promise<void>;
  /** What is around the cages of a root. It holds fds until `ancestors` is closed. */
  surroundingsOf(root: CgroupDirectory, parent: CgroupDirectory, host: Host): OomSurroundings;
}
