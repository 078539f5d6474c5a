import { existsSync } from 'node:fs';
import type { RootOptions } from 'memcage';

/** Where a distribution has its programs and libraries. The directories at the top are often links into /usr. */
export const SYSTEM = ['/usr', '/bin', '/lib', '/lib64', '/etc/ld.so.cache'].filter(existsSync);

interface Inside {
  /** Of this machine, each at its own path. */
  files: readonly string[];
  submission: { from: string; to: string };
  /** For how many bytes there is room in /tmp. */
  room: string | undefined;
}

/**
 * An empty root, read-only, in which there is nothing but some files of this machine, the submission, and room for a few
 * files in memory.
 */
export function rootWith({ files, submission, room }: Inside): RootOptions {
  return {
    readOnly: true,
    tmpfs: [
      { path: '/', mode: 0o755 },
      { path: '/tmp', ...(room === undefined ? {} : { size: room }) },
    ],
    binds: [...files.map((path) => ({ from: path, to: path })), submission].map((bind) => ({
      ...bind,
      readOnly: true,
    })),
    // What everybody may read or write, and no submission should: facts of the machine, and the terminal of the judge.
    hide: ['/proc/keys', '/proc/timer_list', '/proc/sys/kernel', '/dev/tty'],
  };
}
