import type { NativeBinding } from '../../../types/native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from './directory';
import { cgroupError } from './refusal';
import { lostController } from './refused-file';

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

/** Instead of the fd of a file that this kernel does not have. Every read of it fails. */
const ABSENT = -1;

type Fds = Map<string, number>;

const orphans = new FinalizationRegistry<{ native: NativeBinding; fds: Fds }>(({ native, fds }) =>
  closeAll(native, fds),
);

/** Interface files of one cgroup that stay open because the reader asked for that. */
export class OpenFiles {
  readonly #fds: Fds = new Map();

  constructor(private readonly directory: CgroupDirectory) {
    orphans.register(this, { native: directory.native, fds: this.#fds });
  }

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
    closeAll(this.directory.native, this.#fds);
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

function closeAll(native: NativeBinding, fds: Fds): void {
  for (const fd of fds.values()) if (fd !== ABSENT) native.closeFd({ fd });
  fds.clear();
}
