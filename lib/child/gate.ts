/** What a child waits at: its launcher, as `lib/child/forerunner.ts` sees it. */
export interface Gated {
  /** Lets the launcher become the program. */
  letThrough(): void;
}

/**
 * Where one child waits that is already born, in its cage and with its pid: the launcher, which becomes the program once
 * the gate is opened. Without anybody left who could open it, the launcher ends.
 */
export class Gate {
  #isOpen = false;
  #gated: Gated | undefined;

  /** You may call it again, also when nobody waits yet or any more. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#gated?.letThrough();
  }

  /** The child of a second attempt takes the place of the first. */
  hold(gated: Gated): void {
    this.#gated = gated;
    if (this.#isOpen) gated.letThrough();
  }
}
