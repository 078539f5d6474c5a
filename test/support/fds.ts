import { readdirSync, readlinkSync } from 'node:fs';

/**
 * For a program that fills its fd table, or counts its fds. When glibc shrinks the arena of a thread for the first time,
 * it opens {@link GLIBC_FILE} for a moment: Node's worker threads do that at any time. The first arena never needs it.
 */
export const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

const GLIBC_FILE = '/proc/sys/vm/overcommit_memory';

/** The number of fds of this process, without the one that reads the directory, and without what glibc opens. */
export function openFdCount(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) !== GLIBC_FILE;
    } catch {
      return false;
    }
  }).length;
}
