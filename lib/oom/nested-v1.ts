import type { CgroupDirectory } from '../cgroup/directory/directory';
import { isGone, refusedWith, unlessGone } from '../cgroup/directory/refusal';
import { wasHit } from './was-hit-v1';

const OOM_CONTROL = 'memory.oom_control';

/** How many levels to search upwards for a limit: a child may have made thousands. */
const MOST_LEVELS = 64;

export interface NestedKills {
  /** Kills counted so far, including those in cgroups that were seen and are gone now. */
  kills: number;
  /** A limit at or above one of the cgroups with kills was hit. */
  isLimitHit: boolean;
  /** The cgroup with that limit, if there is exactly one. */
  hit: string | undefined;
  /** There were leaves, whose counts are reported apart. */
  hasLeaves: boolean;
}

/** The cgroups that a child makes below its own. v1 adds up no kills, and a removed cgroup takes its count along. */
export class NestedV1 {
  /** The kills of each cgroup when it was last seen. If it disappears, the kills after that are lost. */
  readonly #seen = new Map<string, number>();
  readonly #leaves = new Set<string>();
  #hasLeaves = false;
  #killsInRemoved = 0;
  readonly #hit = new Set<string>();
  readonly #wasStamped: boolean;

  constructor(private readonly directory: CgroupDirectory) {
    this.#wasStamped = directory.stamp();
  }

  /** Whether the directory's stamp says if there ever was one. Making a leaf removes the stamp. */
  get isStamped(): boolean {
    return this.#wasStamped && !this.#hasLeaves;
  }

  /** Whether there is one, or was. */
  get wereMade(): boolean {
    return this.isStamped && unlessGone(() => this.directory.isStamped()) === false;
  }

  /** Like {@link wereMade}, but also true if the stamp does not say. */
  get mayBeThere(): boolean {
    return !this.isStamped || this.wereMade;
  }

  addLeaf(name: string): void {
    this.#hasLeaves = true;
    this.#leaves.add(name);
  }

  removeLeaf(name: string): void {
    this.#leaves.delete(name);
  }

  survey(): NestedKills {
    const found = unlessGone(() => this.directory.counts(OOM_CONTROL, 'oom_kill', this.#leaves)) ?? [];
    this.#remember(new Map(found.map(({ path, count }) => [path, count])));
    let kills = this.#killsInRemoved;
    for (const { path, count } of found) {
      kills += count;
      this.#findLimit(path);
    }
    const [hit] = this.#hit;
    return {
      kills,
      isLimitHit: hit !== undefined,
      hit: this.#hit.size === 1 ? hit : undefined,
      hasLeaves: this.#hasLeaves,
    };
  }

  /** Finds the nearest limit that was hit, from a cgroup with kills up to the one just below the child's own. */
  #findLimit(below: string): void {
    const names = below.split('/');
    const farthest = Math.max(0, names.length - MOST_LEVELS);
    for (let length = names.length; length > farthest; length -= 1) {
      const at = this.directory.below(names.slice(0, length).join('/'));
      if (!wasHitIfThere(at)) continue;
      this.#hit.add(at.path);
      return;
    }
  }

  #remember(now: ReadonlyMap<string, number>): void {
    for (const [path, before] of this.#seen) {
      const kills = now.get(path);
      // With fewer kills than before, it is another cgroup with the same name.
      if (kills !== undefined && kills >= before) continue;
      this.#killsInRemoved += before;
      this.#seen.delete(path);
    }
    for (const [path, kills] of now) this.#seen.set(path, kills);
  }
}

/** Also false for a cgroup whose path is too long to read its files. */
function wasHitIfThere(directory: CgroupDirectory): boolean {
  try {
    return wasHit(directory);
  } catch (error) {
    if (isGone(error) || refusedWith(error, 'ENAMETOOLONG')) return false;
    throw error;
  }
}
