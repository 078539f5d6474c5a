import type { CloneFailure } from '../../../types/native';
import { isRefused } from '../../cgroup/directory/refusal';

/** What a child waits at: its launcher, as `lib/start/launch/forerunner.ts` sees it. */
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
  #failure: CloneFailure | undefined;

  /** Why it was not opened: the error of a child that ends without having got through. */
  get failure(): CloneFailure | undefined {
    return this.#failure;
  }

  /** You may call it again, also when nobody waits yet or any more. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#gated?.letThrough();
  }

  /** The gate can't be opened, and whoever waits is about to be killed. If its cage is gone, no failure is noted: that says enough. */
  failed(error: unknown): void {
    if (!isRefused(error)) return;
    const { errno, syscall, path = '' } = error;
    this.#failure = { stage: 'init', errno, path, ...(syscall !== undefined && { syscall }) };
  }

  /** The child of a second attempt takes the place of the first. */
  hold(gated: Gated): void {
    this.#gated = gated;
    if (this.#isOpen) gated.letThrough();
  }
}
