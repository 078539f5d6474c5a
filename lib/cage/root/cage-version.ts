import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { Host } from '../../cgroup/hierarchy/host';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import type { Ancestors, OomSurroundings } from '../oom/limits-around';
import type { OomMonitor } from '../oom/monitor';
import type { RootKillCgroup } from './kill-hierarchy';

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
  /** The kind of what {@link makeKillCgroup} would make. */
  foreseeKillCgroup(host: Host): Pick<KillCgroup, 'kind'> | undefined;
  /**
   * Throws ERR_MEMCAGE_NO_CONTROLLER, or what else {@link RootControllers.homes} would throw, as far as that can be known before.
   */
  foreseeControllers(names: readonly ControllerName[], place: ForeseenPlace): void;
  /** The path of the cgroup around the cages that says which processors they may use; undefined if there is none yet. */
  processorsAround(place: ForeseenPlace): string | undefined;
  /** The controllers beside memory. Makes nothing yet. */
  openControllers(root: RootDirectories): RootControllers;
  /** Sweeps, ahead of time, the cgroups in which kill cgroups will be made. */
  sweepKillHierarchies(host: Host): Promise<void>;
  /** What is above the cages of a cage root. Holds fds until it is closed. */
  openAncestors(root: CgroupDirectory, host: Host): Ancestors;
  /** Opens the monitor of the OOM kills in a cage cgroup. */
  openMonitor(memory: CgroupDirectory, surroundings: OomSurroundings): OomMonitor;
}

/** Where a cage root is, or would be made. */
export interface ForeseenPlace {
  host: Host;
  /** Undefined for one that systemd has yet to make. */
  parent: CgroupDirectory | undefined;
  killCgroup: Pick<KillCgroup, 'kind'> | undefined;
}

/** The directory of a cage root, a cage or a leaf in which some controllers have their files. */
export interface ControllerHome {
  /** On v1 all of the hierarchy that memcage knows of. */
  controllers: readonly ControllerName[];
  directory: CgroupDirectory;
  /** The memory controller has its files in this directory too: always on v2. Else it is a side cgroup. */
  inMemory: boolean;
}

/** What a cage root has besides memory, made when the first cage needs it. */
export interface RootControllers {
  /**
   * The cage root's homes of these controllers. Makes or enables what is not there yet.
   *
   * @throws ERR_MEMCAGE_NO_CONTROLLER if one can't be had here
   */
  homes(names: readonly ControllerName[]): ControllerHome[];
  /**
   * Lets the cgroups below a cage cgroup have these controllers. All above it have them enabled.
   *
   * @returns false if they could have them already
   */
  enableBelow(memory: CgroupDirectory, names: readonly (ControllerName | 'memory')[]): boolean;
  /** Locked side cgroups beside the cage root's, for a cage that outlives it. */
  makeDetached(names: readonly ControllerName[]): ControllerHome[];
  /** Whether someone removed a directory, or has disabled what was enabled for the cages (v2). */
  readonly isGone: boolean;
  /** Removes the directories, blocking. */
  remove(): void;
}

/** The directories of a cage root. */
export interface RootDirectories {
  host: Host;
  parent: CgroupDirectory;
  memory: CgroupDirectory;
  killCgroup: RootKillCgroup | undefined;
  hasGuardian: boolean;
}
