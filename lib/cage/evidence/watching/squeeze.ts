import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { LateWrite } from '../../../cgroup/directory/late-write';
import { readMemoryFile } from '../../../cgroup/limits/limit-files';
import { pauseSync } from '../../../common/event-loop/timers';
import { formatSize } from '../../../common/text/size';
import { LATEST_MS } from './frozen';

const FILE = 'memory.limit_in_bytes';
/** A whole number of pages, of whichever size: the kernel takes it as it is. */
const STEP = 64 * 1024;

// The kernel refuses a lower limit after one look through the memory that has freed nothing by its end: mem_cgroup_resize_max() in
// mm/memcontrol-v1.c. The names of files that it gives back are free after a grace period of RCU only.
const PAUSE_MS = 20;
const TRIES = 3;

/**
 * Has the kernel reclaim memory of a cage on v1 that is stopped, if it can: v1 does not tell how much of its own memory, names of
 * files for example, it would give back before it kills. It reclaims for a lower limit, or refuses that.
 */
export class Squeeze {
  /** A limit that could not be put back. */
  #lowered: { asked: number; before: number } | undefined;

  constructor(private readonly memory: CgroupDirectory) {}

  /** @returns what became of the limit, if the kernel does not take the old one */
  squeeze(bytes: number): string | undefined {
    const before = readMemoryFile(this.memory, 1, 'max');
    const asked = Math.floor((this.#usageBytes() - bytes) / STEP) * STEP;
    if (before === undefined || asked <= 0) return undefined;
    const putBack = new LateWrite(this.memory, { file: FILE, value: String(before), afterMs: LATEST_MS });
    if (!this.#lower(asked)) {
      putBack.drop();
      return undefined;
    }
    this.#lowered = { asked, before };
    try {
      if (this.#isLower()) putBack.make();
      else putBack.drop();
      this.#lowered = undefined;
      return undefined;
    } catch (error) {
      const limits = `the limit of ${formatSize(before)} was lowered to ${formatSize(asked)}, for what the kernel gives back`;
      return `${limits}, and could not be put back: ${(error as Error).message}`;
    }
  }

  /** Tries again to put the limit back, if it could not be. */
  putBack(): void {
    if (this.#lowered === undefined) return;
    if (this.#isLower()) this.memory.write(FILE, String(this.#lowered.before));
    this.#lowered = undefined;
  }

  /** False: the limit is as it was, whatever the kernel has given back. */
  #lower(asked: number): boolean {
    for (let left = TRIES; left > 0; left -= 1) {
      try {
        if (this.#usageBytes() <= asked) return false;
        this.memory.write(FILE, String(asked));
        return true;
      } catch {
        pauseSync(PAUSE_MS);
      }
    }
    return false;
  }

  #usageBytes(): number {
    return readMemoryFile(this.memory, 1, 'usage') ?? 0;
  }

  /** Somebody else may have set it meanwhile. */
  #isLower(): boolean {
    try {
      return readMemoryFile(this.memory, 1, 'max') === this.#lowered?.asked;
    } catch {
      // No fd is free. The late write needs none.
      return true;
    }
  }
}
