import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { Host } from '../../cgroup/hierarchy/host';
import type { OomSurroundings } from '../oom/surroundings';
import type { RootKillCgroup } from './kill-hierarchy';
import type { RootControllers, RootParts } from './root-controllers';

/** How to make cages on one cgroup version. */
export interface CageVersion {
  /** Called before the first cgroup is made below a parent or a cage root, so that cgroups there can have limits. */
  enableLimitsBelow(directory: CgroupDirectory): void;
  /** Throws what {@link enableLimitsBelow} would throw for a parent, as far as that can be known before. */
  foreseeLimitsBelow(parent: CgroupDirectory, host: Host): void;
  /** Throws what a child would get that may not join a cage in this parent. */
  foreseeJoin(parent: CgroupDirectory, host: Host): void;
  /** Called for each directory that memcage makes below a parent, before anything is made in it. */
  holdBelow(memory: CgroupDirectory): void;
  /** Called before the first cgroup is made below a cage cgroup. */
  becomeParent(memory: CgroupDirectory): void;
  /** Makes the kill cgroup for all cages of a cage root. */
  makeKillCgroup(host: Host, hasGuardian: boolean): RootKillCgroup | undefined;
  /** The controllers beside memory. Makes nothing yet. */
  openControllers(root: RootParts): RootControllers;
  /** Sweeps, ahead of time, the cgroups in which kill cgroups will be made. */
  sweepKillHierarchies(host: Host): Promise<void>;
  /** What is around the cages of a cage root. Holds fds until `ancestors` is closed. */
  surroundingsOf(root: CgroupDirectory, host: Host): OomSurroundings;
}
