import { ErrorCode, MemcageError } from '../../errors/errors';
import type { CgroupDirectory } from './directory';

/** No such file here: an fd that no read succeeds with. */
const ABSENT = -1;

/** Interface files of one cgroup that stay open because its reader asked for it. */
export class OpenFiles {
  readonly #fds = new Map<string, number>();

  constructor(private readonly directory: CgroupDirectory) {}

  get size(): number {
    return this.#fds.size;
  }

  /** Opened at the first call; -1 where this kernel has no such file. */
  fd(file: string): number {
    let fd = this.#fds.get(file);
    if (fd === undefined) {
      fd = this.#open(file);
      this.#fds.set(file, fd);
    }
    return fd;
  }

  close(): void {
    const { native } = this.directory;
    for (const fd of this.#fds.values()) if (fd !== ABSENT) native.closeFd({ fd });
    this.#fds.clear();
  }

  #open(file: string): number {
    try {
      return this.directory.open(file, 'read');
    } catch (error) {
      if (error instanceof MemcageError && error.code === ErrorCode.UNSUPPORTED) return ABSENT;
      throw error;
    }
  }
}
