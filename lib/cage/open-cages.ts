import { channel } from 'node:diagnostics_channel';
import type { NativeBinding } from '../../types/native';
import type { Cgroup } from '../cgroup/handle/cgroup';
import { loadNative } from '../common/addon/load-native';
import type { Cage } from './contract/cage';

interface OpenCage {
  readonly publicCage: Cage<Cgroup | null>;
  /** The cage was made ahead, and no child has it yet. */
  readonly spare: boolean;
  /** Kills and removes it, blocking. */
  closeNow(): void;
}

const closed = channel('memcage.cage.close');

class OpenCages {
  /** With the addon that counts them for the whole process. */
  readonly #all = new Map<OpenCage, NativeBinding | undefined>();
  /** The cages that end with the thread. */
  readonly #mortal = new Set<OpenCage>();
  #isHooked = false;

  /** The cages in use, in the order in which they were made. */
  list(): Cage<Cgroup | null>[] {
    return Array.from(this.#all.keys()).flatMap(({ spare, publicCage }) => (spare ? [] : [publicCage]));
  }

  /** How many the other threads of this process have, those included that were made ahead. */
  countElsewhere(): number {
    const own = Array.from(this.#all.values()).filter((counter) => counter !== undefined);
    return loadNative().countOpenCages({ by: 0 }) - own.length;
  }

  /**
   * @param outlivesOwner false: kill and remove it when this thread ends, normally, by process.exit(), or by an
   * uncaught
   *   exception
   */
  add(cage: OpenCage, { outlivesOwner }: { outlivesOwner: boolean }): void {
    const counter = findCounter();
    this.#all.set(cage, counter);
    counter?.countOpenCages({ by: 1 });
    if (outlivesOwner) return;
    this.#mortal.add(cage);
    if (this.#isHooked) return;
    this.#isHooked = true;
    // Prepended, so that it runs before the cage root is removed.
    process.prependListener('exit', () => this.closeMortal());
  }

  delete(cage: OpenCage): void {
    this.#all.get(cage)?.countOpenCages({ by: -1 });
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

/** Where the addon does not load there are polled cages only, and nobody asks for their number. */
function findCounter(): NativeBinding | undefined {
  try {
    return loadNative();
  } catch {
    return undefined;
  }
}

/** Every cage of this thread that is not closed yet. */
export const cages = new OpenCages();

/**
 * The cages of this thread that are not closed yet, those within others too, in the order in which they were made.
 *
 * ```js run
 * import { createCage } from 'memcage';
 * import { openCages } from 'memcage/machine';
 *
 * const cage = createCage({ memory: '50M' });
 * console.log(openCages().length, openCages()[0] === cage);
 * await cage.close();
 * ```
 *
 * ```text output
 * 1 true
 * ```
 */
export function openCages(): Cage<Cgroup | null>[] {
  return cages.list();
}
