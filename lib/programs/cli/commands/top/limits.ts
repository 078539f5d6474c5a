import { dirname } from 'node:path';
import { Cgroup } from '../../../../index';
import { passingOver } from '../../refusals';

/** The effective limits of many cgroups in one sample. Reads those of a common cgroup above them once. */
export class Limits {
  readonly #above = new Map<string, number | undefined>();

  /** @param roots paths of the topmost cgroups; none above these can be opened */
  constructor(private readonly roots: readonly string[]) {}

  /** The smallest limit of the cgroup and those above it, or the machine's memory if that is less. In bytes. */
  of(cgroup: Cgroup, ownBytes: number): number {
    const above = this.roots.includes(cgroup.path) ? undefined : this.#limitOf(dirname(cgroup.path));
    return above === undefined ? cgroup.effectiveLimits().maxBytes : Math.min(ownBytes, above);
  }

  #limitOf(path: string): number | undefined {
    if (!this.#above.has(path)) this.#above.set(path, readLimit(path));
    return this.#above.get(path);
  }
}

/** Undefined if the cgroup is gone, or this process may not look into it. */
function readLimit(path: string): number | undefined {
  return passingOver(() => {
    using cgroup = Cgroup.open(path);
    return cgroup.effectiveLimits().maxBytes;
  });
}
