import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Files that are open at once while processes are looked at and killed: one of /proc, and a pidfd. */
const NEEDED = 2;

/**
 * A few fds of this process that are kept until there are no others: processes must be looked at and killed then too.
 * When they are lent, another thread may take them.
 */
export class FdReserve {
  readonly #fds: number[] = [];

  constructor() {
    this.refill();
  }

  /** @returns whether there were any to lend */
  lend(): boolean {
    const fds = this.#fds.splice(0);
    for (const fd of fds) closeSync(fd);
    return fds.length > 0;
  }

  refill(): void {
    try {
      while (this.#fds.length < NEEDED) this.#fds.push(openSync(devNull, 'r'));
    } catch {
      // None is free, or the permission model forbids it. What is there must do.
    }
  }
}

export function isFdShortage(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
