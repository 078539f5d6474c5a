import { statSync } from 'node:fs';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { cgroupsBelow, passingOver } from '../../cgroup/directory/walk';
import { type Host, openDirectory } from '../../cgroup/hierarchy/host';
import type { Hierarchy } from '../../cgroup/hierarchy/mounts';
import { type OwnKind, ownKind } from '../../cgroup/names/own-names';

/** A directory that a memcage made, this one or another. */
export interface OwnDirectory {
  kind: OwnKind;
  directory: CgroupDirectory;
}

export function memoryHierarchies({ memory, memoryElsewhere }: Host): Hierarchy[] {
  return [memory, ...memoryElsewhere];
}

/**
 * The hierarchies that may hold kill cgroups, then those that may hold side cgroups. None on v2, where a cage cgroup is all
 * that there is of a cage.
 */
export function otherHierarchies({ version, unified, freezer, controllers }: Host): Hierarchy[] {
  if (version === 2) return [];
  return [unified, freezer, ...Object.values(controllers)].filter((hierarchy) => hierarchy !== null);
}

/**
 * All directories of memcage in some hierarchies, whichever process made them, in whatever cgroup. Finds those that are
 * mounted here and that this process may list. Has each directory once, even if several mounts show it.
 */
export class OwnDirectories {
  readonly #tops: CgroupDirectory[] = [];
  readonly #found = new Map<string, OwnDirectory>();

  constructor(hierarchies: readonly Hierarchy[]) {
    try {
      for (const hierarchy of hierarchies) this.#search(hierarchy);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  get all(): readonly OwnDirectory[] {
    return [...this.#found.values()];
  }

  /** Closes the fds through which the directories are reached. */
  [Symbol.dispose](): void {
    for (const top of this.#tops.splice(0)) top.close();
  }

  #search({ mountPoint }: Hierarchy): void {
    const top = openDirectory(mountPoint);
    this.#tops.push(top);
    for (const { directory } of cgroupsBelow(top)) {
      const kind = ownKind(directory.path);
      const there = kind && passingOver(() => statSync(directory.path, { bigint: true, throwIfNoEntry: false }));
      if (!there) continue;
      const key = `${there.dev}:${there.ino}`;
      if (!this.#found.has(key)) this.#found.set(key, { kind, directory });
    }
  }
}
