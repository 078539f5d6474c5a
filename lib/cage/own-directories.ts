import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { CgroupDirectory } from '../cgroup/directory';
import { type Host, openDirectory } from '../cgroup/host';
import type { Guard } from '../cgroup/kill';
import type { Hierarchy } from '../cgroup/mounts';
import { type OwnKind, ownKind } from '../cgroup/own-names';
import { cgroupsBelow, passingOver } from '../cgroup/walk';

/** A hierarchy, and what it is to a cage: its guard, or (undefined) where memory is. */
type Place = readonly [hierarchy: Hierarchy, guard: Guard['kind'] | undefined];

/** A directory that some memcage has made, wherever it is. */
export interface OwnDirectory {
  kind: OwnKind;
  directory: CgroupDirectory;
  guard: Guard['kind'] | undefined;
}

export function memoryPlaces({ memory, memoryElsewhere }: Host): Place[] {
  return [memory, ...memoryElsewhere].map((hierarchy) => [hierarchy, undefined]);
}

export function guardPlaces({ version, unified, freezer }: Host): Place[] {
  if (version === 2) return [];
  const places: readonly [Hierarchy | null, Guard['kind']][] = [
    [unified, 'unified'],
    [freezer, 'freezer'],
  ];
  return places.flatMap(([hierarchy, guard]) => (hierarchy === null ? [] : [[hierarchy, guard]]));
}

/**
 * Every directory of memcage in some hierarchies, as far as they are mounted here and may be listed: whoever made it, in
 * whatever cgroup. Each once, also when several mounts show it.
 */
export class OwnDirectories {
  readonly #tops: CgroupDirectory[] = [];
  readonly #found = new Map<string, OwnDirectory>();

  constructor(places: readonly Place[]) {
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

  #search([{ mountPoint }, guard]: Place): void {
    const top = openDirectory(mountPoint);
    this.#tops.push(top);
    for (const { directory } of cgroupsBelow(top)) {
      const kind = ownKind(basename(directory.path));
      const there = kind && passingOver(() => statSync(directory.path, { bigint: true, throwIfNoEntry: false }));
      if (!there) continue;
      const key = `${there.dev}:${there.ino}`;
      if (!this.#found.has(key)) this.#found.set(key, { kind, directory, guard });
    }
  }
}
