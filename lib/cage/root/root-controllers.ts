import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { Host } from '../../cgroup/hierarchy/host';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';

/** The directory of a cage root, a cage or a leaf in which some controllers have their files. */
export interface ControllerHome {
  /** On v1 all of the hierarchy that memcage knows of. */
  controllers: readonly ControllerName[];
  directory: CgroupDirectory;
  /** It is the directory that the memory controller has too: always on v2. Else it is a side cgroup. */
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

/** The cage root for which they are opened. */
export interface RootParts {
  host: Host;
  parent: CgroupDirectory;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  hasGuardian: boolean;
}
