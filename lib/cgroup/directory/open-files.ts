import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from './directory';

/** Instead of the fd of a file that this kernel does not have. Every read of it fails. */
const ABSENT = -1;

/** Interface files of one cgroup that stay open because the reader asked for that. */
export class OpenFiles {
  readonly #fds = new Map<string, number>();

  constructor(private readonly directory: CgroupDirectory) {}

  get size(): number {
    return this.#fds.size;
  }

  /** Opens the file on the first call; -1 if this kernel has no such file. */
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
