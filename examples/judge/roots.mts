import { existsSync } from 'node:fs';
import type { RootOptions, Size } from 'memcage';

/** A file or directory of this machine, and where a program sees it. */
export interface Seen {
  source: string;
  target: string;
}

export const atItsPath = (path: string): Seen => ({ source: path, target: path });

/** Where a distribution has its programs and libraries. The directories at the top are often links into /usr. */
export const SYSTEM = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'].filter(existsSync).map(atItsPath);

/**
 * An empty root, read-only, in which there is nothing but this, and a /tmp with room for a few files in memory.
 *
 * @param room the size of /tmp
 */
export function rootWith(seen: readonly Seen[], room: Size | undefined): RootOptions {
  return {
    readOnly: true,
    tmpfs: [
      { path: '/', mode: 0o755 },
      { path: '/tmp', ...(room === undefined ? {} : { size: room }) },
    ],
    binds: seen.map((each) => ({ ...each, readOnly: true })),
    // What everybody may read or write, and no submission should: facts of the machine, and the terminal of the judge.
    hide: ['/proc/keys', '/proc/timer_list', '/proc/sys/kernel', '/dev/tty'],
  };
}
