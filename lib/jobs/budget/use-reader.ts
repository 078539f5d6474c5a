import type { SharedCage } from '../../cage/contract/cage';
import { memoryController } from '../../cgroup/files/controller';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { MomentReader, type Source } from '../../cgroup/watching/moment-reader';
import { MemcageError } from '../../common/errors/errors';

/**
 * Reads what cgroups use without page cache that the kernel can drop: memory of programs, of the kernel, tmpfs and shared memory. Files
 * that are locked in memory count too.
 */
export class UseReader {
  readonly #reader: MomentReader;
  readonly #cache: readonly string[];

  constructor(version: CgroupVersion) {
    const { totalPrefix } = memoryController(version);
    this.#cache = [`${totalPrefix}active_file`, `${totalPrefix}inactive_file`];
    this.#reader = new MomentReader(version, ['usage', 'stat'], this.#cache);
  }

  /**
   * In bytes, in the order of the cgroups; undefined for one that is gone or can't be read.
   *
   * @throws what is about none of them, such as a lack of fds
   */
  read(cgroups: readonly Cgroup[]): (number | undefined)[] {
    const uses = new Array<number | undefined>(cgroups.length).fill(undefined);
    const sources: Source[] = [];
    const places: number[] = [];
    for (const [place, cgroup] of cgroups.entries()) {
      const directory = tried(() => cgroup.opened());
      if (directory === undefined) continue;
      sources.push({ directory, files: undefined });
      places.push(place);
    }
    this.#reader.read(sources, (moment, index) => {
      uses[places[index] ?? 0] = tried(() => {
        const cache = this.#cache.reduce((sum, line) => sum + (moment.stat(line) ?? 0), 0);
        return Math.max(0, (moment.value('usage') ?? 0) - cache);
      });
    });
    return uses;
  }
}

/** What a cage uses, in bytes; null if it can't be read. */
export function usedBytesOf(cage: SharedCage): number | null {
  if (cage.closed || cage.enforcedBy.kind !== 'kernel') return null;
  const { cgroup } = cage;
  try {
    return new UseReader(cgroup.version).read([cgroup])[0] ?? null;
  } catch {
    return null;
  }
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MemcageError) return undefined;
    throw error;
  }
}
