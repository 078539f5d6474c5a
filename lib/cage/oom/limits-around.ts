import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { host } from '../../cgroup/hierarchy/host';
import { isWithin } from '../../common/text/names';
import { visiblePath } from './kernel-log';
import type { LoggedKill } from './kill-records';
import { type KillingLimit, killingLimit, limitOfAncestorAt, nowhere, type Whose } from './killing-limit';

/** A cage that contains the cgroup of a child. */
export interface CageAround {
  directory: CgroupDirectory;
  /** The child has a leaf in this cage that repeats the cage's limit: that is the child's limit. */
  isOwn: boolean;
  /** How often memory was refused so far; v1: at its limit or above, as its eventfd counts; v2: at its limit only. */
  ooms(): number;
}

/** The cgroups above the cages, nearest first, as far as they can be seen. */
export interface Ancestors {
  /** There are more, which can't be seen from here, as in a container. */
  readonly hidden: boolean;
  /** How often memory was refused at the limit of each; v1: at that of any of them, in one count. */
  ooms(): readonly number[];
  /** The limit that the count with this index is about. v1 may not know it. */
  limitAt(index: number): KillingLimit;
  close(): void;
}

/** What is around a monitored cgroup: the cages that contain it, nearest first, and the ancestors above all of them. */
export interface OomSurroundings {
  readonly version: CgroupVersion;
  readonly cages: readonly CageAround[];
  readonly ancestors: Ancestors;
}

/** The limits that can kill in a cgroup: its own, those of cgroups below it, and those around it. */
export class LimitsAround {
  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {}

  /** The limit that the evidence is about. @param hit finds the path of the cgroup below whose limit was hit, if it is known */
  named(whose: Whose, hit: () => string | undefined): KillingLimit {
    switch (whose.cause) {
      case 'limit':
        return this.own();
      case 'cage':
        return this.ofCage(whose.index);
      case 'ancestor':
        return this.surroundings.ancestors.limitAt(whose.index);
      case 'descendant': {
        const path = hit();
        return path === undefined ? nowhere('descendant') : this.#ofDescendant(path);
      }
      default:
        return nowhere(whose.cause);
    }
  }

  /** The limit that was hit at a level: 0 is the child's own, 1 that of the nearest cage. Undefined for -1. */
  atLevel(level: number): KillingLimit | undefined {
    if (level === -1) return undefined;
    return level === 0 ? this.own() : this.ofCage(level - 1);
  }

  /** The child's own limit. A leaf repeats the limit of its cage, so then it is the cage's, unless the leaf has less. */
  own(): KillingLimit {
    const { cages, version } = this.surroundings;
    const [nearest] = cages;
    const own = killingLimit('limit', this.directory, version);
    if (nearest?.isOwn !== true) return own;
    const cage = this.ofCage(0);
    return bytesOf(own) < bytesOf(cage) ? own : cage;
  }

  /** The limit of a cage around it; index 0 is the nearest. */
  ofCage(index: number): KillingLimit {
    const { cages, version } = this.surroundings;
    const cage = cages[index];
    return cage === undefined ? nowhere('cage') : killingLimit(cage.isOwn ? 'limit' : 'cage', cage.directory, version);
  }

  /** The nearest of the limits that the kernel's log names; undefined if it names none. */
  logged(kills: readonly LoggedKill[]): KillingLimit | undefined {
    const near = kills.map(({ limitCgroup }) => this.#near(limitCgroup)).sort((a, b) => a.distance - b.distance);
    return near[0]?.limit();
  }

  #near(limitCgroup: string | null): { distance: number; limit: () => KillingLimit } {
    const { cages } = this.surroundings;
    if (limitCgroup === null) return { distance: Number.POSITIVE_INFINITY, limit: () => nowhere('system') };
    const path = visiblePath(limitCgroup, host());
    if (path === this.directory.path) return { distance: 0, limit: () => this.own() };
    if (path !== undefined && isWithin(path, this.directory.path))
      return { distance: 1, limit: () => this.#ofDescendant(path) };
    const index = cages.findIndex(({ directory }) => directory.path === path);
    if (index !== -1) return { distance: 2 + index, limit: () => this.ofCage(index) };
    // All of these are above the cgroup: the longer the name, the nearer.
    const distance = Number.MAX_SAFE_INTEGER - limitCgroup.length;
    return { distance, limit: () => this.#ofAncestor(path) };
  }

  /** The limit of a cgroup below it, which may be gone. @param path as the caller sees it */
  #ofDescendant(path: string): KillingLimit {
    const within = this.directory.below(path.slice(this.directory.path.length + 1));
    return killingLimit('descendant', within, this.surroundings.version);
  }

  #ofAncestor(path: string | undefined): KillingLimit {
    return path === undefined ? nowhere('ancestor') : limitOfAncestorAt(path, this.surroundings.version);
  }
}

function bytesOf({ limitBytes }: KillingLimit): number {
  return limitBytes ?? Number.POSITIVE_INFINITY;
}
