// On v1 the kernel notifies before it counts the kill. In between it writes its report to the log, which takes
// milliseconds, and the victim may have gigabytes to free; or there may be no victim at all. So look often at first,
// then less and less.
const SHORT_WAITS = 32;
const LONGEST_WAIT_MS = 512;

/** How long to wait before look n (from 0); undefined after the last one. */
function waitMs(look: number): number | undefined {
  const wait = 2 ** Math.max(0, look - SHORT_WAITS);
  return wait <= LONGEST_WAIT_MS ? wait : undefined;
}

/** Looks for what v1 notifies before it counts, for about a second. Does not keep the process alive. */
export class PatientLook {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  /** @param isFound looks, and returns true when there is nothing left to wait for */
  constructor(private readonly isFound: () => boolean) {}

  /** Looks now, and restarts the sequence of waits. */
  start(): void {
    this.#isOn = true;
    this.#look(0);
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  #look(attempt: number): void {
    if (this.isFound()) {
      this.stop();
      return;
    }
    clearTimeout(this.#timer);
    const wait = waitMs(attempt);
    // The callback may have led someone to stop it.
    if (this.#isOn && wait !== undefined) this.#timer = setTimeout(() => this.#look(attempt + 1), wait).unref();
  }
}
