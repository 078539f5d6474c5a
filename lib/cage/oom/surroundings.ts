import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { host } from '../../cgroup/hierarchy/host';
import type { AncestorsV1 } from './ancestors-v1';
import type { AncestorsV2 } from './ancestors-v2';
import { visiblePath } from './kernel-log';
import { isWithin, type LoggedKill } from './kill-records';
import { limitOf, limitOfAncestorAt, nowhere, type WhoseLimit } from './whose-limit';

/** A cage that contains the cgroup of a child. */
export interface CageAround {
  directory: CgroupDirectory;
  /** It is the child's own cage, in which the child has a leaf: its limit is the child's limit. */
  isOwn: boolean;
  /** How often memory was refused so far; v1: at its limit or above, as its eventfd counts; v2: at its limit only. */
  ooms(): number;
}

/** What is around a monitored cgroup: the cages that contain it, nearest first, and the ancestors above all of them. */
export interface SurroundingsV1 {
  readonly version: 1;
  readonly cages: readonly CageAround[];
  readonly ancestors: AncestorsV1;
}

/** {@link SurroundingsV1} for cgroup v2. */
export interface SurroundingsV2 {
  readonly version: 2;
  readonly cages: readonly CageAround[];
  readonly ancestors: AncestorsV2;
}

export type OomSurroundings = SurroundingsV1 | SurroundingsV2;

/** The limit of a cage around the cgroup. */
function limitOfCage({ isOwn, directory }: CageAround, version: CgroupVersion): WhoseLimit {
  return limitOf(isOwn ? 'limit' : 'cage', directory, version);
}

/** The limits that can kill in a cgroup: its own, those of cgroups below it, and those around it. */
export class LimitsAround {
  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {}

  /** The child's own limit. A leaf repeats the limit of its cage, so then it is the cage's, unless the leaf has less. */
  own(): WhoseLimit {
    const { cages, version } = this.surroundings;
    const [nearest] = cages;
    const own = limitOf('limit', this.directory, version);
    if (nearest?.isOwn !== true) return own;
    const cage = limitOfCage(nearest, version);
    return bytesOf(own) < bytesOf(cage) ? own : cage;
  }

  /** The limit of a cage around it; index 0 is the nearest. */
  around(index: number): WhoseLimit {
    const { cages, version } = this.surroundings;
    const cage = cages[index];
    return cage === undefined ? nowhere('cage') : limitOfCage(cage, version);
  }

  /** The limit of a cgroup below it, which may be gone. @param path as the caller sees it */
  below(path: string): WhoseLimit {
    const within = this.directory.below(path.slice(this.directory.path.length + 1));
    return limitOf('descendant', within, this.surroundings.version);
  }

  /** The nearest of the limits that the kernel's log names; undefined if it names none. */
  logged(kills: readonly LoggedKill[]): WhoseLimit | undefined {
    const near = kills.map(({ limitCgroup }) => this.#near(limitCgroup)).sort((a, b) => a.distance - b.distance);
    return near[0]?.limit();
  }

  #near(limitCgroup: string | null): { distance: number; limit: () => WhoseLimit } {
    const { cages } = this.surroundings;
    if (limitCgroup === null) return { distance: Number.POSITIVE_INFINITY, limit: () => nowhere('system') };
    const path = visiblePath(limitCgroup, host());
    if (path === this.directory.path) return { distance: 0, limit: () => this.own() };
    if (path !== undefined && isWithin(path, this.directory.path))
      return { distance: 1, limit: () => this.below(path) };
    const index = cages.findIndex(({ directory }) => directory.path === path);
    if (index !== -1) return { distance: 2 + index, limit: () => this.around(index) };
    // All of these are above the cgroup: the longer the name, the nearer.
    const distance = Number.MAX_SAFE_INTEGER - limitCgroup.length;
    return { distance, limit: () => this.#ancestor(path) };
  }

  #ancestor(path: string | undefined): WhoseLimit {
    return path === undefined ? nowhere('ancestor') : limitOfAncestorAt(path, this.surroundings.version);
  }
}

function bytesOf({ limitBytes }: WhoseLimit): number {
  return limitBytes ?? Number.POSITIVE_INFINITY;
}
