import { channel } from 'node:diagnostics_channel';
import type { Cage } from '../contract/cage';

interface OpenCage {
  readonly self: Cage;
  /** It is made ahead, and nobody has it yet. */
  readonly spare: boolean;
  /** Kill and remove it, blocking. */
  closeNow(): void;
}

const closed = channel('memcage.cage.close');

class OpenCages {
  readonly #all = new Set<OpenCage>();
  /** Those among them that end with the thread. */
  readonly #mortal = new Set<OpenCage>();
  #isHooked = false;

  /** In the order in which they were made. */
  list(): Cage[] {
    return Array.from(this.#all).flatMap(({ spare, self }) => (spare ? [] : [self]));
  }

  /**
   * @param outlivesOwner false: kill and remove it when this thread ends, normally, by process.exit(), or by an uncaught
   *   exception
   */
  add(cage: OpenCage, { outlivesOwner }: { outlivesOwner: boolean }): void {
    this.#all.add(cage);
    if (outlivesOwner) return;
    this.#mortal.add(cage);
    if (this.#isHooked) return;
    this.#isHooked = true;
    // Before the directory that the cages are in is removed.
    process.prependListener('exit', () => this.#closeMortal());
  }

  delete(cage: OpenCage): void {
    this.#all.delete(cage);
    this.#mortal.delete(cage);
    if (!cage.spare && closed.hasSubscribers) closed.publish({ cage });
  }

  #closeMortal(): void {
    for (const cage of this.#mortal) {
      try {
        cage.closeNow();
      } catch {
        // The others must still be closed. The next memcage finds this one and removes it.
      }
    }
  }
}

/** Every cage of this thread that is not closed yet. */
export const cages = new OpenCages();
