import { dirname } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { KeptFile } from '../../cgroup/directory/open-file';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { memoryFile, parseMemoryFile } from '../../cgroup/files/roles';
import { type Host, openDirectory, processDirectory } from '../../cgroup/hierarchy/host';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { isWithin } from '../../common/text/names';
import { killsWhenOut } from './killing-limit';

interface Apart {
  directory: CgroupDirectory;
  max: KeptFile;
  oomGroup: KeptFile | undefined;
}

/**
 * The ancestors that this process is not in, as with a `parent` elsewhere. At the limit of one of them the kernel may
 * kill a child, or all processes of the group, but not this process. So there a child must not share its memory. In
 * every other ancestor this process may be killed anyway, and a child with the same memory adds no danger.
 */
export class AncestorsApart {
  readonly #version: CgroupVersion;
  readonly #apart: Apart[] = [];
  /** Where this process is can't be seen, so any ancestor may be apart from it. */
  readonly #isUnknown: boolean;

  /** @param path the parent's path */
  constructor(path: string, { version, memory }: Host) {
    this.#version = version;
    const own = ownPath(memory);
    this.#isUnknown = own === undefined;
    if (own === undefined) return;
    try {
      for (let above = path; !isWithin(own, above) && above.length > memory.mountPoint.length; above = dirname(above)) {
        const directory = openDirectory(above);
        const max = new KeptFile(directory, memoryFile('max', version));
        const oomGroup = version === 2 ? new KeptFile(directory, memoryFile('oomGroup', version)) : undefined;
        this.#apart.push({ directory, max, oomGroup });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether one of them could kill a child but not this process. Each start asks, since anybody may set a limit there later. */
  endangerOwner(): boolean {
    return this.#isUnknown || this.#apart.some((ancestor) => this.#hasLimitOrGroup(ancestor));
  }

  close(): void {
    for (const { directory, max, oomGroup } of this.#apart) {
      max.close();
      oomGroup?.close();
      directory.close();
    }
  }

  #hasLimitOrGroup({ directory, max, oomGroup }: Apart): boolean {
    try {
      const isLimited = parseMemoryFile('max', this.#version, max.text()) !== Number.POSITIVE_INFINITY;
      if (isLimited && killsWhenOut(directory, this.#version)) return true;
      return oomGroup !== undefined && parseMemoryFile('oomGroup', this.#version, oomGroup.text());
    } catch {
      // What memcage can't read may be a limit. If the cgroup is gone, the start itself will say so.
      return true;
    }
  }
}

/** Path of this process's own cgroup; undefined if no mount shows it. */
export function ownPath(memory: Host['memory']): string | undefined {
  try {
    return processDirectory(memory, 'self');
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NO_PARENT) return undefined;
    throw error;
  }
}
