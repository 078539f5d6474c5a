/** After this much quiet, the next event is reported at once. */
const QUIET_MS = 10;
/** How many such times an event is held back if it does not get quiet. */
const MOST_TURNS = 100;

/**
 * Reports the first of many events in a row at once, and the rest together once it is quiet again, or after a second.
 */
export class Pace {
  #timer: NodeJS.Timeout | undefined;
  #turns = 0;
  #isHeld = false;
  #isQuiet = true;

  /** @param tell reports what has happened by then */
  constructor(private readonly tell: () => void) {}

  /** Something has happened. */
  note(): void {
    this.#isQuiet = false;
    if (this.#timer === undefined) this.#tell();
    else this.#isHeld = true;
  }

  /** Forgets what is held back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isHeld = false;
  }

  #tell(): void {
    this.#isHeld = false;
    this.#turns = 0;
    // Before the report, because whoever gets it may stop this.
    this.#wait();
    this.tell();
  }

  #wait(): void {
    this.#isQuiet = true;
    this.#timer = setTimeout(() => this.#look(), QUIET_MS).unref();
  }

  #look(): void {
    this.#turns += 1;
    if (!this.#isQuiet && this.#turns < MOST_TURNS) this.#wait();
    else if (this.#isHeld) this.#tell();
    else this.#timer = undefined;
  }
}
