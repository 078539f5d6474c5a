import type { Started } from '../launch/start-call';

/** Time between the requested signal and SIGKILL. */
const GRACE_MS = 250;
/** Time to read what was written before the end, if a process outside of the cage still holds the pipes. */
const DRAIN_MS = 250;

/**
 * Ends a child within half a second, whoever still holds its pipes: sends it a signal, then kills it with everything
 * that it started in its cage, then closes the pipes.
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
    // A child that has already ended, or gets SIGKILL right away, needs no grace period.
    if (asked && this.signal !== 'SIGKILL' && this.signal !== 9) this.#timer = setTimeout(() => this.#kill(), GRACE_MS);
    else this.#kill();
  }

  /** For when the child has ended and its pipes are closed. */
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
