import type { NativeBinding } from '../../types/native';

const CLOSED = -1;

/** An fd that is closed once: whoever still uses it then gets EBADF, and never what the next open() makes of the number. */
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

  /** Calling it again is harmless. */
  close(): void {
    if (this.isClosed) return;
    const fd = this.#fd;
    this.#fd = CLOSED;
    this.native.closeFd({ fd });
  }
}
