import { OwnedFd } from '../../addon/owned-fd';
import type { CgroupDirectory } from './directory';
import { cgroupError } from './refusal';

// One for all: reads are synchronous, and what was read is parsed before the next one.
let buffer = new Uint8Array(16 * 1024);

/** An interface file that stays open: reading it takes no other fd, and is what makes it tell of its next change (v2). */
export class OpenFile {
  readonly #fd: OwnedFd;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly file: string,
    access: 'read' | 'read-write' = 'read',
  ) {
    this.#fd = new OwnedFd(directory.native, directory.open(file, access));
  }

  get fd(): number {
    return this.#fd.fd;
  }

  /** Reads the whole file; `use` gets bytes that are valid only during the call. */
  read<T>(use: (bytes: Uint8Array, length: number) => T): T {
    return use(buffer, this.#fill());
  }

  text(): string {
    return this.read((bytes, length) => Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1'));
  }

  /** Calling it again is harmless. */
  close(): void {
    this.#fd.close();
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
