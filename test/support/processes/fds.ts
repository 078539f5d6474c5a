import { readdirSync, readlinkSync } from 'node:fs';
import { until } from '../until';

/**
 * For a program that fills its fd table, or counts its fds. When glibc shrinks the arena of a thread for the first time,
 * it opens {@link GLIBC_FILE} for a moment: Node's worker threads do that at any time. The first arena never needs it.
 */
export const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

const GLIBC_FILE = '/proc/sys/vm/overcommit_memory';

/** How long to wait for handles that are closed in a later turn of the event loop, or by another thread. */
const CLOSING_MS = 3000;

/** The copy of the launcher that the addon keeps from the first init on. More than one is a leak. */
const SEALED = '/memfd:memcage-exec (deleted)';

/** What the fds of this process lead to, without the one that reads the directory, and without what glibc and memcage keep. */
export function openFds(): string[] {
  const open = allFds();
  const kept = open.indexOf(SEALED);
  return kept === -1 ? open : open.filter((_, index) => index !== kept);
}

function allFds(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target === GLIBC_FILE ? [] : [target];
    } catch {
      return [];
    }
  });
}

/** Right only where nothing is awaited between two counts: see {@link expectNoNewFds}. */
export function openFdCount(): number {
  return openFds().length;
}

/** What is open now beyond what was. */
function newFds(before: readonly string[]): string[] {
  const known = before.map(kindOf);
  return openFds().filter((target) => {
    const index = known.indexOf(kindOf(target));
    if (index === -1) return true;
    known.splice(index, 1);
    return false;
  });
}

/**
 * Waits until nothing is open beyond what was, and what may stay.
 *
 * @param before from {@link openFds}
 * @param kept how many more may stay open
 */
export async function expectNoNewFds(before: readonly string[], kept = 0): Promise<void> {
  await until('the rest is closed', () => newFds(before).length <= kept, CLOSING_MS).catch(() => {});
  const left = newFds(before);
  if (left.length > kept) throw new Error(`open, though at most ${kept} more may be: ${left.join(', ')}`);
}

/** Without what differs from one to the next: memcage replaces a cage that it keeps ready by another one. */
function kindOf(target: string): string {
  return target
    .replace(/ \(deleted\)$/, '')
    .replace(/memcage-(detached-)?\d+-[0-9a-f]+/g, 'ROOT')
    .replace(/\d+/g, 'N');
}
