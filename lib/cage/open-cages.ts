import type { Cage } from './cage';

const open = new Set<Cage>();
let hooked = false;

/** Kill and remove the cage when this environment ends: normally, by process.exit(), or by an uncaught exception. */
export function closeAtExit(cage: Cage): void {
  open.add(cage);
  if (hooked) return;
  hooked = true;
  // Before the owner removes the directory that the cages are in.
  process.prependListener('exit', () => {
    for (const cage of open) {
      try {
        cage.closeNow();
      } catch {
        // The others must still be closed. The next memcage finds this one and removes it.
      }
    }
  });
}

export function forget(cage: Cage): void {
  open.delete(cage);
}
