import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { cgroupsBelow, passingOver } from '../cgroup/directory/walk';
import { type Host, openDirectory } from '../cgroup/hierarchy/host';
import type { Hierarchy } from '../cgroup/hierarchy/mounts';
import { type OwnKind, ownKind } from '../cgroup/names/own-names';
import type { KillCgroup } from '../cgroup/processes/kill-cgroup';

/** A hierarchy, and what it is to a cage: its kill cgroup, or (undefined) where memory is. */
type SearchedHierarchy = readonly [hierarchy: Hierarchy, killKind: KillCgroup['kind'] | undefined];

/** A directory that some memcage has made, wherever it is. */
export interface OwnDirectory {
  kind: OwnKind;
  directory: CgroupDirectory;
  killKind: KillCgroup['kind'] | undefined;
}

export function memoryHierarchies({ memory, memoryElsewhere }: Host): SearchedHierarchy[] {
  return [memory, ...memoryElsewhere].map((hierarchy) => [hierarchy, undefined]);
}

export function killHierarchies({ version, unified, freezer }: Host): SearchedHierarchy[] {
  if (version === 2) return [];
  const places: readonly [Hierarchy | null, KillCgroup['kind']][] = [
    [unified, 'unified'],
    [freezer, 'freezer'],
  ];
  return places.flatMap(([hierarchy, killKind]) => (hierarchy === null ? [] : [[hierarchy, killKind]]));
}

/**
 * Every directory of memcage in some hierarchies, as far as they are mounted here and may be listed: whoever made it, in
 * whatever cgroup. Each once, also when several mounts show it.
 */
export class OwnDirectories {
  readonly #tops: CgroupDirectory[] = [];
  readonly #found = new Map<string, OwnDirectory>();

  constructor(places: readonly SearchedHierarchy[]) {
    try {
      for (const place of places) this.#search(place);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  get all(): readonly OwnDirectory[] {
    return [...this.#found.values()];
  }

  /** Closes what the directories hang on. */
  [Symbol.dispose](): void {
    for (const top of this.#tops.splice(0)) top.close();
  }

  #search([{ mountPoint }, killKind]: SearchedHierarchy): void {
    const top = openDirectory(mountPoint);
    this.#tops.push(top);
    for (const { directory } of cgroupsBelow(top)) {
      const kind = ownKind(basename(directory.path));
      const there = kind && passingOver(() => statSync(directory.path, { bigint: true, throwIfNoEntry: false }));
      if (!there) continue;
      const key = `${there.dev}:${there.ino}`;
      if (!this.#found.has(key)) this.#found.set(key, { kind, directory, killKind });
    }
  }
}
