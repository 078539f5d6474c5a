import type { CgroupDirectory } from '../directory';
import { parseOomControl } from '../formats';
import { descendants, ifStillThere } from './still-there';
import { wasHit } from './was-hit-v1';

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
  #wereRemoved = false;
  readonly #hit = new Set<string>();
  readonly #wasStamped: boolean;

  constructor(private readonly directory: CgroupDirectory) {
    this.#wasStamped = directory.stamp();
  }

  /** The stamp on the directory says whether there ever was one; with leaves it was lost by those. */
  get isStamped(): boolean {
    return this.#wasStamped && !this.#hasLeaves;
  }

  /** One was seen, and is gone. */
  get wereRemoved(): boolean {
    return this.#wereRemoved;
  }

  /** There is one, or was. */
  get wereMade(): boolean {
    return this.isStamped && ifStillThere(() => this.directory.isStamped()) === false;
  }

  addLeaf(name: string): void {
    this.#hasLeaves = true;
    this.#leaves.add(name);
  }

  removeLeaf(name: string): void {
    this.#leaves.delete(name);
  }

  survey(): NestedKills {
    const now = new Map<string, number>();
    for (const directory of descendants(this.directory, this.#leaves)) {
      const kills = ifStillThere(() => parseOomControl(directory.read('memory.oom_control')).oomKills);
      if (kills === undefined) continue;
      now.set(directory.relative, kills);
      if (kills > 0) this.#findLimit(directory);
    }
    this.#remember(now);
    let kills = this.#killsInRemoved;
    for (const each of now.values()) kills += each;
    const [hit] = this.#hit;
    return {
      kills,
      isLimitHit: hit !== undefined,
      hit: this.#hit.size === 1 ? hit : undefined,
      hasLeaves: this.#hasLeaves,
    };
  }

  /** The nearest limit that has been hit between a cgroup with kills and the one that all this is below of. */
  #findLimit(below: CgroupDirectory): void {
    const names = below.path.slice(this.directory.path.length + 1).split('/');
    for (let length = names.length; length > 0; length -= 1) {
      const at = this.directory.below(names.slice(0, length).join('/'));
      if (ifStillThere(() => wasHit(at)) !== true) continue;
      this.#hit.add(at.path);
      return;
    }
  }

  #remember(now: ReadonlyMap<string, number>): void {
    for (const [relative, before] of this.#seen) {
      const kills = now.get(relative);
      // Fewer than before: it is another one of the same name.
      if (kills !== undefined && kills >= before) continue;
      this.#wereRemoved = true;
      this.#killsInRemoved += before;
      this.#seen.delete(relative);
    }
    for (const [relative, kills] of now) this.#seen.set(relative, kills);
  }
}
