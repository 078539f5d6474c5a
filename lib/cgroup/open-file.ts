import type { CgroupDirectory } from './directory';
import { cgroupError } from './refusal';

// One for all: reads are synchronous, and what was read is parsed before the next one.
let buffer = new Uint8Array(16 * 1024);

/** An interface file that stays open: reading it takes no other fd, and is what makes it tell of its next change (v2). */
export class OpenFile {
  readonly fd: number;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly file: string,
    access: 'read' | 'read-write' = 'read',
  ) {
    this.fd = directory.open(file, access);
  }

  /** Reads the whole file; `use` gets bytes that are valid only during the call. */
  read<T>(use: (bytes: Uint8Array, length: number) => T): T {
    return use(buffer, this.#fill());
  }

  text(): string {
    return this.read((bytes, length) => Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1'));
  }

  close(): void {
    this.directory.native.closeFd({ fd: this.fd });
  }

  #fill(): number {
    for (;;) {
      let length: number;
      try {
        length = this.directory.native.readOpen({ fd: this.fd, buffer });
      } catch (error) {
        throw cgroupError(error, 'read', `${this.directory.path}/${this.file}`);
      }
      if (length < buffer.length) return length;
      buffer = new Uint8Array(buffer.length * 2);
    }
  }
}
