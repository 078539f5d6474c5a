import { readFileSync, statSync } from 'node:fs';

/**
 * The processes that hold a flock(2) on this machine. Knows those in this process's PID namespace and below it.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_locks.5.html
 */
export class LockHolders {
  readonly #pids = new Map<string, number>();

  constructor(text = readFileSync('/proc/locks', 'utf8')) {
    for (const line of text.split('\n')) {
      const [, pid, file] = /^\d+: FLOCK +ADVISORY +WRITE +(\d+) ([0-9a-f]+:[0-9a-f]+:\d+) /.exec(line) ?? [];
      if (pid !== undefined && file !== undefined && pid !== '0') this.#pids.set(file, Number(pid));
    }
  }

  /** The pid of the holder. Undefined if there is none, or if it can't be seen from here. */
  of(path: string): number | undefined {
    const there = statSync(path, { bigint: true, throwIfNoEntry: false });
    return there === undefined ? undefined : this.#pids.get(fileKey(there));
  }
}

/** `MAJOR:MINOR:INODE`, as the kernel writes it; see makedev(3) for the bits. */
function fileKey({ dev, ino }: { dev: bigint; ino: bigint }): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  const hex = (part: bigint) => part.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}
