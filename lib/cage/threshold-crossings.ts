/** What has to be told of a threshold, if anything. */
interface CrossingsToTell {
  /** How often the use has crossed it since the last time that something was told. 0: nothing is to be told. */
  count: number;
  /** The kernel's word and the reading disagree, for a moment. Look again soon. */
  isInDoubt: boolean;
  /** The kernel's word and the reading have disagreed for so long that the reading counts. The kernel has to be asked anew. */
  isBelieved: boolean;
}

/** For how long the kernel may be behind, or ahead of, a reading. */
const DOUBT_MS = 25;

/**
 * Makes one sequence of crossings, each to the other side, of two sources. The kernel (v1) says only that the threshold
 * was crossed, in either direction, and looks about every 128 pages; a reading says where the use is a moment later. If
 * they disagree, the use may have crossed again, of which the kernel is about to say a word, or never will.
 */
export class Crossings {
  /** Where the use is, for those who listen. */
  #told = false;
  /** Where the kernel has it. */
  #kernel = false;
  /** What the kernel has said since. From `#told` they lead to `#kernel`, unless there are none. */
  #untold = 0;
  #doubtedSinceMs: number | undefined;

  /** The kernel watches from now on, and has the use there. */
  begin(above: boolean): void {
    this.#kernel = above;
    this.#doubtedSinceMs = undefined;
  }

  /** The kernel says that there were so many. */
  heard(count: number): void {
    const isFirstTold = this.#untold === 0 && this.#told !== this.#kernel;
    this.#untold += isFirstTold ? count - 1 : count;
    if (count % 2 === 1) this.#kernel = !this.#kernel;
  }

  /** Read at that time, after all that was heard. */
  read(above: boolean, nowMs: number): CrossingsToTell {
    if (above === this.#kernel) {
      this.#doubtedSinceMs = undefined;
      return { count: this.#tell(above), isInDoubt: false, isBelieved: false };
    }
    this.#doubtedSinceMs ??= nowMs;
    if (nowMs - this.#doubtedSinceMs < DOUBT_MS) return { count: 0, isInDoubt: true, isBelieved: false };
    return { count: this.#tell(above), isInDoubt: true, isBelieved: true };
  }

  /** Nothing is left that could use memory. Only what the kernel has said is told. */
  conclude(): number {
    return this.#untold === 0 ? 0 : this.#tell(false);
  }

  /** An odd count leads to the other side. */
  #tell(above: boolean): number {
    const isOdd = this.#untold % 2 === 1;
    const count = isOdd === (above !== this.#told) ? this.#untold : this.#untold + 1;
    this.#told = above;
    this.#untold = 0;
    return count;
  }
}
