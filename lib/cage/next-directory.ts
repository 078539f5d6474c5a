import type { CgroupDirectory } from '../cgroup/directory';

/**
 * Gives each cage a new directory. From the second on it is made ahead of time, while the child before runs: mkdir is the
 * dearest step of a start, all the more when the kernel is still busy with a cgroup that was just removed.
 */
export class NextDirectory {
  #names = 0;
  #ready: CgroupDirectory | undefined;
  #scheduled = false;

  constructor(private readonly parent: CgroupDirectory) {}

  /** May be gone already, if someone else removes what is empty. */
  take(): CgroupDirectory {
    const ready = this.#ready;
    this.#ready = undefined;
    if (this.#names > 0) this.#schedule();
    return ready ?? this.#make();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      try {
        this.#ready ??= this.#make();
      } catch {
        // The next cage will have the same trouble, and report it.
      }
    }).unref();
  }

  #make(): CgroupDirectory {
    this.#names += 1;
    const directory = this.parent.below(String(this.#names));
    directory.make();
    return directory;
  }
}
