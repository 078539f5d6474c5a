import type { CgroupDirectory } from './directory';
import { refusedWith } from './refusal';

/**
 * Undoes what is done to a cgroup for a moment: the addon writes it in so long, or when this thread ends, whatever becomes of that.
 * Its file is open from now on, so no free fd is needed.
 */
export class LateWrite {
  readonly #native: CgroupDirectory['native'];
  readonly #id: number;

  constructor(directory: CgroupDirectory, { file, value, afterMs }: { file: string; value: string; afterMs: number }) {
    this.#native = directory.native;
    this.#id = this.#native.writeLater({ dirFd: directory.anchor, path: directory.beneath(file), value, afterMs });
  }

  /** Writes it now, if the addon has not, and the cgroup is there. @throws if the kernel refuses it; the addon tries again then */
  make(): void {
    try {
      this.#native.makeLateWrite({ id: this.#id });
    } catch (error) {
      if (!refusedWith(error, 'ENODEV')) throw error;
      this.drop();
    }
  }

  /** It is not to be written any more. */
  drop(): void {
    this.#native.dropLateWrite({ id: this.#id });
  }
}
