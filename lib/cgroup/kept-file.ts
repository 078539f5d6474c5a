import type { NativeBinding } from '../../types/native';
import type { CgroupDirectory } from './directory';
import { cgroupError } from './refusal';

// A read of an open file costs half of opening it anew; but a program with thousands of cages must not run out of fds.
const MOST_OPEN = 16;

/** Open files in the order of their last use, oldest first. */
const open = new Set<KeptFile>();
let lastUsed: KeptFile | undefined;

// One for all: reads are synchronous, and what was read is parsed before the next one.
let buffer = new Uint8Array(16 * 1024);

/** An interface file that stays open between reads, as long as not too many others are read more often. */
export class KeptFile {
  readonly #native: NativeBinding;
  #fd: number | undefined;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly file: string,
  ) {
    this.#native = directory.native;
  }

  /** Reads the whole file; `use` gets bytes that are valid only during the call. */
  read<T>(use: (bytes: Uint8Array, length: number) => T): T {
    this.#fd ??= this.directory.open(this.file, 'read');
    if (lastUsed !== this) this.#use();
    return use(buffer, this.#fill(this.#fd));
  }

  text(): string {
    return this.read((bytes, length) => Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1'));
  }

  close(): void {
    open.delete(this);
    if (lastUsed === this) lastUsed = undefined;
    if (this.#fd !== undefined) this.#native.closeFd({ fd: this.#fd });
    this.#fd = undefined;
  }

  #use(): void {
    open.delete(this);
    open.add(this);
    lastUsed = this;
    evict();
  }

  #fill(fd: number): number {
    for (;;) {
      let length: number;
      try {
        length = this.#native.readOpen({ fd, buffer });
      } catch (error) {
        this.close();
        throw cgroupError(error, 'read', `${this.directory.path}/${this.file}`);
      }
      if (length < buffer.length) return length;
      buffer = new Uint8Array(buffer.length * 2);
    }
  }
}

function evict(): void {
  for (const file of open) {
    if (open.size <= MOST_OPEN) return;
    file.close();
  }
}
