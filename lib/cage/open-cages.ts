import { channel } from 'node:diagnostics_channel';
import type { Cage } from '../contract/cage';

interface OpenCage {
  readonly self: Cage;
  /** The cage was made ahead, and no child has it yet. */
  readonly spare: boolean;
  /** Kills and removes it, blocking. */
  closeNow(): void;
}

const closed = channel('memcage.cage.close');

class OpenCages {
  readonly #all = new Set<OpenCage>();
  /** The cages that end with the thread. */
  readonly #mortal = new Set<OpenCage>();
  #isHooked = false;

  /** The cages in use, in the order in which they were made. */
  list(): Cage[] {
    return Array.from(this.#all).flatMap(({ spare, self }) => (spare ? [] : [self]));
  }

  /**
   * @param outlivesOwner false: kill and remove it when this thread ends, normally, by process.exit(), or by an
   * uncaught
   *   exception
   */
  add(cage: OpenCage, { outlivesOwner }: { outlivesOwner: boolean }): void {
    this.#all.add(cage);
    if (outlivesOwner) return;
    this.#mortal.add(cage);
    if (this.#isHooked) return;
    this.#isHooked = true;
    // Prepended, so that it runs before the cage root is removed.
    process.prependListener('exit', () => this.closeMortal());
  }

  delete(cage: OpenCage): void {
    this.#all.delete(cage);
    this.#mortal.delete(cage);
    if (!cage.spare && closed.hasSubscribers) closed.publish({ cage });
  }

  /** Closes those that end with the thread. */
  closeMortal(): void {
    for (const cage of this.#mortal) {
      try {
        cage.closeNow();
      } catch {
        // The others must still be closed. The next memcage sweeps this one.
      }
    }
  }
}

/** Every cage of this thread that is not closed yet. */
export const cages = new OpenCages();
