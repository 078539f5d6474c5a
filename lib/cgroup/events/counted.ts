import type { CgroupDirectory } from '../directory/directory';
import { OpenFile } from '../directory/open-file';
import { EventCounter } from '../directory/v1-notifications';

/**
 * Notifications of v1, with a file of the same cgroup that stays open. Without that file, nobody can tell whether the
 * kernel has counted the removal.
 */
export class CountedEvents {
  readonly #counter: EventCounter;
  readonly #file: OpenFile;
  #seen = 0;

  constructor(
    directory: CgroupDirectory,
    control: ConstructorParameters<typeof EventCounter>[1],
    { argument, file }: { argument?: string; file: string },
  ) {
    this.#counter = new EventCounter(directory, control, argument);
    try {
      this.#file = new OpenFile(directory, file);
    } catch (error) {
      this.#counter.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#counter.fd;
  }

  /** The text of the file. Throws ERR_MEMCAGE_CGROUP_GONE. */
  text(): string {
    return this.#file.text();
  }

  /**
   * How many notifications there were until now, and the text of the file after that. Throws ERR_MEMCAGE_CGROUP_GONE.
   */
  read(): { total: number; text: string } {
    const total = this.#counter.count();
    // The file was readable, so none of them was for the removal.
    const text = this.#file.text();
    this.#seen = total;
    return { total, text };
  }

  /** The final count of a cgroup that is gone. */
  last(isNotified: boolean): number {
    if (!isNotified) return this.#seen;
    return Math.max(this.#seen, this.#counter.count() - 1);
  }

  close(): void {
    this.#counter.close();
    this.#file.close();
  }
}
