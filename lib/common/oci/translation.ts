import type { MemoryLimits } from '../../../types/options';
import { invalidArgument } from '../errors/argument-errors';

/** Options of `spawn` and other functions of memcage, with those limits that a configuration has. */
export interface OciLimits {
  /** From `memory`, and the `memory.*` files of `unified`. */
  memory?: MemoryLimits;
  /** From `pids`, or `pids.max` of `unified`. */
  pids?: number | 'max';
  /** From `cpu`, and `cpu.max`, `cpu.weight` and `cpuset.cpus` of `unified`. */
  cpu?: {
    /** Processors: quota by period. */
    max?: number | 'max';
    /** The weight of cgroup v2, from 1 to 10000. */
    weight?: number;
    /** Numbers of processors, as in `'0-2,4'`. */
    set?: string;
  };
}

interface Groups {
  memory: Partial<MemoryLimits>;
  pids: { max?: number | 'max' };
  cpu: NonNullable<OciLimits['cpu']>;
}

/** A field that nothing would hold. */
export interface Unheld {
  path: string;
  /** What holds it, or why nothing can. */
  why: string | undefined;
}

/** What the fields of a configuration mean to memcage, as far as they are read. */
export class Translation {
  readonly unheld: Unheld[] = [];
  readonly #groups: Groups = { memory: {}, pids: {}, cpu: {} };
  readonly #from = new Map<string, string>();

  /** @param version of the cgroups for which the limits are */
  constructor(readonly version: 1 | 2) {}

  /** @throws TypeError if another field has set it to something else */
  set<G extends keyof Groups, N extends keyof Groups[G] & string>(
    path: string,
    group: G,
    name: N,
    value: Groups[G][N],
  ): void {
    const option = `${group}.${name}`;
    const before = this.#from.get(option);
    const given = this.#groups[group];
    if (before !== undefined && given[name] !== value) {
      throw invalidArgument(path, `the same as ${before} says (${String(given[name])})`, value);
    }
    given[name] = value;
    this.#from.set(option, path);
  }

  /** Nothing holds the field. */
  lacks(path: string, why?: string): void {
    this.unheld.push({ path, why });
  }

  limits(): OciLimits {
    const { memory, pids, cpu } = this.#groups;
    return {
      ...(Object.keys(memory).length > 0 && { memory: { max: 'max', ...memory } }),
      ...(pids.max !== undefined && { pids: pids.max }),
      ...(Object.keys(cpu).length > 0 && { cpu }),
    };
  }
}
