import type { NativeBinding } from '../../types/native';

const CLOSED = -1;

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
    if (this.isClosed) return;
    const fd = this.#fd;
    this.#fd = CLOSED;
    this.native.closeFd({ fd });
  }
}
