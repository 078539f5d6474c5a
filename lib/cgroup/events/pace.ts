/** So long nothing more must have happened for what happens next to be told at once. */
const QUIET_MS = 10;
/** How many such times it is held back, when it does not get quiet. */
const MOST_TURNS = 100;

/** Has the first of many that follow each other told at once, and the rest together when it is quiet again, or after a second. */
export class Pace {
  #timer: NodeJS.Timeout | undefined;
  #turns = 0;
  #isHeld = false;
  #isQuiet = true;

  /** @param tell what there is by then */
  constructor(private readonly tell: () => void) {}

  /** Something has happened. */
  note(): void {
    this.#isQuiet = false;
    if (this.#timer === undefined) this.#tell();
    else this.#isHeld = true;
  }

  /** Forget what is held back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isHeld = false;
  }

  #tell(): void {
    this.#isHeld = false;
    this.#turns = 0;
    // Before it is told: who hears of it may stop it.
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
