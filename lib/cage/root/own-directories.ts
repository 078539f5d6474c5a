import { readFileSync, statSync } from 'node:fs';
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

/**
 * The processes that hold a flock(2) on this machine. Knows those in this process's PID namespace and below it.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
export class LockHolders {
  readonly #pids = new Map<string, number>();

  constructor(text = readFileSync('/proc/locks', 'utf8')) {
    for (const line of text.split('\n')) {
      const [, pid, file] = /^\d+: FLOCK +ADVISORY +WRITE +(\d+) ([0-9a-f]+:[0-9a-f]+:\d+) /.exec(line) ?? [];
      if (pid !== undefined && file !== undefined && pid !== '0') this.#pids.set(file, Number(pid));
    }
  }

  /** The pid of the holder. Undefined if there is none, or if it can't be seen from here. */
  of(path: string): number | undefined {
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    return there === undefined ? undefined : this.#pids.get(fileKey(there));
  }
}

/** `MAJOR:MINOR:INODE`, as the kernel writes it; see makedev(3) for the bits. */
function fileKey({ dev, ino }: { dev: bigint; ino: bigint }): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = (part: bigint) => part.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}
