// Between a v1 notification and the count of its kill the kernel writes its report to the log, a matter of milliseconds;
// and a victim may have gigabytes to give back, or there is none: so often at first, then ever more seldom.
const SHORT_WAITS = 32;
const LONGEST_WAIT_MS = 512;

/** How long to wait before look n (from 0); undefined: no more. */
function waitMs(look: number): number | undefined {
  const wait = 2 ** Math.max(0, look - SHORT_WAITS);
  return wait <= LONGEST_WAIT_MS ? wait : undefined;
}

/** Looks for what was notified before it is counted (v1), for a second or so. Does not keep the process alive. */
export class PatientLook {
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  /** @param isFound looks; true: there is nothing more to wait for */
  constructor(private readonly isFound: () => boolean) {}

  /** Look now, and begin anew with the waits. */
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
    // What was found so far may have made someone stop it.
    if (this.#isOn && wait !== undefined) this.#timer = setTimeout(() => this.#look(attempt + 1), wait).unref();
  }
}
