import { OwnedFd } from '../../common/addon/owned-fd';
import type { CgroupDirectory } from './directory';
import { lostController } from './missing-file';
import { cgroupError } from './refusal';

// One buffer for all: reads are synchronous, and each text is parsed before the next read.
let buffer = new Uint8Array(16 * 1024);

/**
 * An interface file that stays open. Reading it takes no other fd, and makes the kernel report its next change (v2).
 */
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

  /** Reads the whole file. The bytes that `use` gets are valid only during the call. */
  read<T>(use: (bytes: Uint8Array, length: number) => T): T {
    return use(buffer, this.#fill());
  }

  text(): string {
    return this.read((bytes, length) => Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1'));
  }

  /** You can call it more than once. */
  close(): void {
    this.#fd.close();
  }

  /** See {@link OwnedFd.closeElsewhere}. */
  closeElsewhere(): Promise<void> {
    return this.#fd.closeElsewhere();
  }

  #fill(): number {
    for (;;) {
      let length: number;
      try {
        length = this.directory.native.readOpen({ fd: this.fd, buffer });
      } catch (error) {
        const { directory, file } = this;
        throw lostController(directory, file, error) ?? cgroupError(error, 'read', `${directory.path}/${file}`);
      }
      if (length < buffer.length) return length;
      buffer = new Uint8Array(buffer.length * 2);
    }
  }
}
