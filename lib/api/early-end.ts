import type { Started } from './start';

/** Between the signal that was asked for and SIGKILL. */
const GRACE_MS = 250;
/** For what was written before the end, where a process outside of the cage still holds the pipes. */
const DRAIN_MS = 250;

/**
 * Brings a child to its end within half a second, whoever is left to hold its pipes: asks the child by a signal, then kills it
 * with all that it has started in its cage, then closes the pipes.
 */
export class EarlyEnd {
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;

  constructor(
    private readonly started: Pick<Started, 'child' | 'killAll'>,
    private readonly signal: NodeJS.Signals | number,
  ) {}

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { child } = this.started;
    const asked = child.kill(this.signal);
    // Who has ended already, or is to end without being asked, needs no time for it.
    if (asked && this.signal !== 'SIGKILL' && this.signal !== 9) this.#timer = setTimeout(() => this.#kill(), GRACE_MS);
    else this.#kill();
  }

  /** The child has ended, and its pipes are closed. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  #kill(): void {
    this.started.killAll();
    this.#timer = setTimeout(() => this.#closePipes(), DRAIN_MS);
  }

  #closePipes(): void {
    const { stdin, stdout, stderr } = this.started.child;
    for (const stream of [stdin, stdout, stderr]) stream?.destroy();
  }
}
