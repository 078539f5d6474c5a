import type { CgroupDirectory } from '../cgroup/directory/directory';
import { isGone, refusedWith, unlessGone } from '../cgroup/directory/refusal';
import { wasHit } from './was-hit-v1';

const OOM_CONTROL = 'memory.oom_control';

/** So far up a limit is looked for: a child may have made thousands of levels. */
const MOST_LEVELS = 64;

export interface NestedKills {
  /** Counted so far, those in cgroups included that were seen and are gone. */
  kills: number;
  /** A limit above one of them was hit. */
  isLimitHit: boolean;
  /** The cgroup that has it, when there is one. */
  hit: string | undefined;
  /** Some cgroups below have counts of their own. */
  hasLeaves: boolean;
}

/** The cgroups that a child makes below its own. v1 adds up no kills, and a removed cgroup takes its count with it. */
export class NestedV1 {
  /** Kills when they were last seen; one that is missing later took with it what came after. */
  readonly #seen = new Map<string, number>();
  readonly #leaves = new Set<string>();
  #hasLeaves = false;
  #killsInRemoved = 0;
  readonly #hit = new Set<string>();
  readonly #wasStamped: boolean;

  constructor(private readonly directory: CgroupDirectory) {
    this.#wasStamped = directory.stamp();
  }

  /** The stamp on the directory says whether there ever was one; with leaves it was lost by those. */
  get isStamped(): boolean {
    return this.#wasStamped && !this.#hasLeaves;
  }

  /** There is one, or was. */
  get wereMade(): boolean {
    return this.isStamped && unlessGone(() => this.directory.isStamped()) === false;
  }

  /** The same, or it can't be told. */
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

  /** The nearest limit that has been hit between a cgroup with kills and the one that all this is below of. */
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
      // Fewer than before: it is another one of the same name.
      if (kills !== undefined && kills >= before) continue;
      this.#killsInRemoved += before;
      this.#seen.delete(path);
    }
    for (const [path, kills] of now) this.#seen.set(path, kills);
  }
}

/** False also of one whose path is too long to be read by. */
function wasHitIfThere(directory: CgroupDirectory): boolean {
  try {
    return wasHit(directory);
  } catch (error) {
    if (isGone(error) || refusedWith(error, 'ENAMETOOLONG')) return false;
    throw error;
  }
}
