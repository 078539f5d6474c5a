import type { NativeBinding } from '../../../types/native';

const CLOSED = -1;

/** One after the other, so that the rest of libuv's pool is left to others. */
let lastClosed: Promise<void> = Promise.resolve();

/**
 * An fd that is closed once. After that its users get EBADF, and never the file that got the same number from a later
 * open().
 */
export class OwnedFd {
  #fd: number;

  constructor(
    private readonly native: NativeBinding,
    fd: number,
  ) {
    this.#fd = fd;
  }

  /** -1 after {@link close}. */
  get fd(): number {
    return this.#fd;
  }

  get isClosed(): boolean {
    return this.#fd === CLOSED;
  }

  /** You can call it more than once. */
  close(): void {
    if (!this.isClosed) this.native.closeFd({ fd: this.#take() });
  }

  /** {@link close} on another thread, for a file whose close(2) waits in the kernel. One such file is closed at a time. */
  async closeElsewhere(): Promise<void> {
    if (this.isClosed) return;
    const fd = this.#take();
    const close = (): Promise<void> => this.native.closeFdAsync({ fd });
    lastClosed = lastClosed.then(close);
    await lastClosed;
  }

  #take(): number {
    const fd = this.#fd;
    this.#fd = CLOSED;
    return fd;
  }
}
