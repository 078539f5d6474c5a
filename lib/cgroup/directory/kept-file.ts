import type { CgroupDirectory } from './directory';
import { OpenFile } from './open-file';

// Reading an open file costs half of opening and reading it. But a program with thousands of cages must not run out
// of fds.
const MOST_OPEN = 16;

/** Open files in the order of their last use, oldest first. */
const open = new Set<KeptFile>();
let lastUsed: KeptFile | undefined;

/** An interface file that stays open between reads, until 16 others have been read more recently. */
export class KeptFile {
  #opened: OpenFile | undefined;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly file: string,
  ) {}

  /** See {@link OpenFile.read}. */
  read<T>(use: (bytes: Uint8Array, length: number) => T): T {
    return this.#use((opened) => opened.read(use));
  }

  text(): string {
    return this.#use((opened) => opened.text());
  }

  close(): void {
    open.delete(this);
    if (lastUsed === this) lastUsed = undefined;
    this.#opened?.close();
    this.#opened = undefined;
  }

  #use<T>(read: (opened: OpenFile) => T): T {
    this.#opened ??= new OpenFile(this.directory, this.file);
    if (lastUsed !== this) this.#touch();
    try {
      return read(this.#opened);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #touch(): void {
    open.delete(this);
    open.add(this);
    lastUsed = this;
    evict();
  }
}

function evict(): void {
  for (const file of open) {
    if (open.size <= MOST_OPEN) return;
    file.close();
  }
}
