import { dirname } from 'node:path';
import { Cgroup } from '../../../index';
import { passingOver } from '../../refusals';

/** The limits in force of many cgroups, of which most have the same ones above them. For one sample. */
export class Limits {
  readonly #above = new Map<string, number | undefined>();

  /** @param roots paths of the topmost cgroups, above which nothing can be opened */
  constructor(private readonly roots: readonly string[]) {}

  /** The smallest limit of it and those above, or the machine's memory, in bytes. */
  of(cgroup: Cgroup, ownBytes: number): number {
    const above = this.roots.includes(cgroup.path) ? undefined : this.#limitOf(dirname(cgroup.path));
    return above === undefined ? cgroup.effectiveLimits().maxBytes : Math.min(ownBytes, above);
  }

  #limitOf(path: string): number | undefined {
    if (!this.#above.has(path)) this.#above.set(path, readLimit(path));
    return this.#above.get(path);
  }
}

/** Undefined where it is not for this process to look into. */
function readLimit(path: string): number | undefined {
  return passingOver(() => {
    using cgroup = Cgroup.open(path);
    return cgroup.effectiveLimits().maxBytes;
  });
}
