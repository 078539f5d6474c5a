import type { CgroupDirectory } from '../cgroup/directory/directory';
import { host } from '../cgroup/hierarchy/host';
import { visiblePath } from './kernel-log';
import { isWithin, type LoggedKill } from './kill-records';
import { limitOfCage, type OomSurroundings } from './surroundings';
import { limitOf, limitOfAncestor, nowhere, type WhoseLimit } from './whose-limit';

/** The limits that can kill in a cgroup: its own, those below it, and those around it. */
export class LimitsAround {
  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {}

  /** That of the child: a leaf repeats the limit of its cage. */
  own(): WhoseLimit {
    const { cages, version } = this.surroundings;
    const [nearest] = cages;
    return nearest?.isOwn === true ? limitOfCage(nearest, version) : limitOf('limit', this.directory, version);
  }

  /** Of a cage around, nearest first. */
  around(index: number): WhoseLimit {
    const { cages, version } = this.surroundings;
    const cage = cages[index];
    return cage === undefined ? nowhere('cage') : limitOfCage(cage, version);
  }

  /** Of a cgroup below, which may be gone; its path is as the caller sees it. */
  below(path: string): WhoseLimit {
    const within = this.directory.below(path.slice(this.directory.path.length + 1));
    return limitOf('descendant', within, this.surroundings.version);
  }

  /** The nearest of the limits that the kernel's log names; undefined: it names none. */
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
    // The longer the name of one that it is in, the nearer it is.
    const distance = Number.MAX_SAFE_INTEGER - limitCgroup.length;
    return { distance, limit: () => this.#ancestor(path) };
  }

  #ancestor(path: string | undefined): WhoseLimit {
    return path === undefined ? nowhere('ancestor') : limitOfAncestor(path, this.surroundings.version);
  }
}
