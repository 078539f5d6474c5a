import { readFileSync } from 'node:fs';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { isGone, refusedWith, unlessGone } from '../../cgroup/directory/refusal';

/** How old the count at a child's start may be. An older one is as valid, and a new one would cost every start. */
const OLDEST_MS = 1000;

let last = { kills: 0, timeMs: Number.NEGATIVE_INFINITY };

/**
 * Number of processes on the whole machine that the kernel has killed for memory, whoever's limit it was. NaN, which
 * equals no count, if the kernel does not count them (before Linux 4.13).
 */
function machineKills(): number {
  const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8')) ?? [];
  last = { kills: Number(count ?? Number.NaN), timeMs: performance.now() };
  return last.kills;
}

/** {@link machineKills}, up to a second old. */
function machineKillsBefore(): number {
  return performance.now() - last.timeMs < OLDEST_MS ? last.kills : machineKills();
}

/** How many levels to search upwards for a limit: a child may have made thousands. */
const MOST_LEVELS = 64;

/** How one cgroup, without those below it, tells of what happened in it. */
export interface CountsOfOne {
  /** The file in which `oom_kill` counts its own kills. */
  file: string;
  wasHit(directory: CgroupDirectory): boolean;
}

export interface NestedKills {
  /** Kills counted so far, including those in cgroups that were seen and are gone now. */
  kills: number;
  /** A limit at or above one of the cgroups with kills was hit. */
  isLimitHit: boolean;
  /** The cgroup with that limit, if there is exactly one. */
  hit: string | undefined;
  /** There were cage cgroups below, whose counts are reported apart. */
  hasCageCgroups: boolean;
}

/**
 * The cgroups that a child makes below its own, where the kernel adds up no kills: on v1, and on v2 that is mounted with
 * memory_localevents. A removed cgroup takes its count along.
 */
export class NestedCgroups {
  /** The kills of each cgroup when it was last seen. If it disappears, the kills after that are lost. */
  readonly #seen = new Map<string, number>();
  readonly #cageCgroups = new Set<string>();
  #hasCageCgroups = false;
  #killsInRemoved = 0;
  readonly #hit = new Set<string>();
  readonly #wasStamped: boolean;
  #machineKillsBefore: number;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly counts: CountsOfOne,
  ) {
    this.#wasStamped = directory.stamp();
    this.#machineKillsBefore = machineKillsBefore();
  }

  /** Nothing that was killed before is of interest. */
  begin(): void {
    this.#machineKillsBefore = machineKillsBefore();
  }

  /** Whether the directory's stamp says if there ever was one. Making a cage cgroup removes the stamp. */
  get isStamped(): boolean {
    return this.#wasStamped && !this.#hasCageCgroups;
  }

  /** Whether there is one, or was. */
  get wereMade(): boolean {
    return this.isStamped && unlessGone(() => this.directory.isStamped()) === false;
  }

  /** Whether the kernel may have killed a process in one of them. */
  get mayHaveKills(): boolean {
    // Nobody was killed anywhere, so there is nothing to find in them. There may be thousands.
    return (!this.isStamped || this.wereMade) && machineKills() !== this.#machineKillsBefore;
  }

  /**
   * Whether there may have been a kill in one that is gone with its count. The machine's count is read now: if it includes
   * kills that came in after the log was read, the answer is at worst yes, but no kill is missed.
   *
   * @param logged how many of the machine's last kills are known
   */
  mayHaveLost(logged: number): boolean {
    const meanwhile = machineKills() - this.#machineKillsBefore;
    return !(meanwhile <= logged);
  }

  addCageCgroup(name: string): void {
    this.#hasCageCgroups = true;
    this.#cageCgroups.add(name);
  }

  removeCageCgroup(name: string): void {
    this.#cageCgroups.delete(name);
  }

  survey(): NestedKills {
    const found = unlessGone(() => this.directory.counts(this.counts.file, 'oom_kill', this.#cageCgroups)) ?? [];
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
      hasCageCgroups: this.#hasCageCgroups,
    };
  }

  /** Finds the nearest limit that was hit, from a cgroup with kills up to the one just below the child's own. */
  #findLimit(below: string): void {
    const names = below.split('/');
    const farthest = Math.max(0, names.length - MOST_LEVELS);
    for (let length = names.length; length > farthest; length -= 1) {
      const at = this.directory.below(names.slice(0, length).join('/'));
      if (!this.#wasHitIfThere(at)) continue;
      this.#hit.add(at.path);
      return;
    }
  }

  /** False for a cgroup that is gone, and for one whose path is too long to read its files. */
  #wasHitIfThere(directory: CgroupDirectory): boolean {
    try {
      return this.counts.wasHit(directory);
    } catch (error) {
      if (isGone(error) || refusedWith(error, 'ENAMETOOLONG')) return false;
      throw error;
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
