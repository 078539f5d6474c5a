import { channel } from 'node:diagnostics_channel';
import type { Cage } from './cage';

/** Every cage of this environment that is not closed yet. */
const open = new Set<Cage>();
/** Those among them that end with it. */
const mortal = new Set<Cage>();
let hooked = false;

const closed = channel('memcage.cage.close');

/** The cages of this thread that are not closed yet, those within others too, in the order in which they were made. */
export function openCages(): Cage[] {
  return Array.from(open).filter(({ spare }) => !spare);
}

/**
 * @param outlivesOwner false: kill and remove it when this environment ends, normally, by process.exit(), or by an uncaught
 *   exception
 */
export function remember(cage: Cage, { outlivesOwner }: { outlivesOwner: boolean }): void {
  open.add(cage);
  if (!outlivesOwner) closeAtExit(cage);
}

export function forget(cage: Cage): void {
  open.delete(cage);
  mortal.delete(cage);
  if (!cage.spare && closed.hasSubscribers) closed.publish({ cage });
}

function closeAtExit(cage: Cage): void {
  mortal.add(cage);
  if (hooked) return;
  hooked = true;
  // Before the owner removes the directory that the cages are in.
  process.prependListener('exit', () => {
    for (const each of mortal) {
      try {
        each.closeNow();
      } catch {
        // The others must still be closed. The next memcage finds this one and removes it.
      }
    }
  });
}
