import { bytesAt, placeOf } from './grid';

/** What a run at a limit told. */
export interface Answer {
  isGood: boolean;
  /** Whether only a time says so, which the machine may be to blame for: then a second run decides. */
  isDoubtful: boolean;
}

export interface SearchOptions {
  /** Where to begin: about the program memory of a free run. */
  programBytes: number;
  /** The most that it uses without a limit. */
  peakBytes: number;
  /** How many runs there may be. */
  mostRuns: number;
}

/** Places on the grid. */
export interface FoundLimits {
  /** The smallest at which it ran well; undefined if there was none. */
  good: number | undefined;
  /** The largest below at which it did not; undefined if it always ran well. */
  bad: number | undefined;
  /** Whether it ran well there twice, and not at the size before. */
  isCertain: boolean;
}

/** How often it must run well at the limit that is found. */
const ENOUGH = 2;
const FIRST_STEP = 4;
/** By what a step grows. Above the program memory, page cache is what is missing, which may be much; below, a little less is often too little. */
const UP = 4;
const DOWN = 2;
/** No limit is tried that is so many times what the command uses without one. */
const MOST_PEAKS = 8;
/** A very short run may have been seen with less than it had, or with nothing. */
const LEAST_PEAK_BYTES = 2 ** 20;

/**
 * Searches the smallest limit that is good. Walks from the program memory, up or down, in steps that grow, until one limit is good
 * and one is not; then halves what is between them; then tries the good one again, since a command that needs a little more each second
 * time would be found too small.
 */
export async function search(
  { programBytes, peakBytes, mostRuns }: SearchOptions,
  probe: (limitBytes: number) => Promise<Answer>,
): Promise<FoundLimits> {
  const bounds = new SearchBounds(
    placeOf(programBytes),
    placeOf(peakBytes),
    placeOf(MOST_PEAKS * Math.max(peakBytes, LEAST_PEAK_BYTES)),
  );
  for (let run = 0; run < mostRuns; run += 1) {
    const place = bounds.next();
    if (place === undefined) break;
    bounds.tell(place, await probe(bytesAt(place)));
  }
  return bounds.found;
}

class SearchBounds {
  #bad = -1;
  #good: number | undefined;
  /** How often each place was good. */
  readonly #goods = new Map<number, number>();
  #doubtful: number | undefined;
  #step = FIRST_STEP;

  constructor(
    private readonly start: number,
    private readonly peak: number,
    private readonly last: number,
  ) {}

  get found(): FoundLimits {
    const bad = this.#bad < 0 ? undefined : this.#bad;
    return { good: this.#good, bad, isCertain: this.#good !== undefined && this.next() === undefined };
  }

  /** Undefined once all is known. */
  next(): number | undefined {
    if (this.#doubtful !== undefined) return this.#doubtful;
    if (this.#good === undefined) return this.#above();
    if (this.#good === 0 || this.#good - this.#bad === 1) return this.#isProven(this.#good) ? undefined : this.#good;
    if (this.#bad >= 0) return Math.floor((this.#good + this.#bad) / 2);
    return Math.max(0, this.#good - this.#step);
  }

  tell(place: number, { isGood, isDoubtful }: Answer): void {
    if (!isGood && isDoubtful && this.#doubtful === undefined) {
      this.#doubtful = place;
      return;
    }
    this.#doubtful = undefined;
    if (isGood) this.#tellGood(place);
    else this.#tellBad(place);
  }

  #tellGood(place: number): void {
    this.#goods.set(place, (this.#goods.get(place) ?? 0) + 1);
    if (this.#good !== undefined && place < this.#good && this.#bad < 0) this.#step *= DOWN;
    this.#good = place;
  }

  #tellBad(place: number): void {
    if (this.#good === undefined && this.#bad >= 0) this.#step *= UP;
    this.#bad = Math.max(this.#bad, place);
    if (this.#good === undefined || this.#good > place) return;
    // What was good once is not after all: the next place that was good before, if there is one.
    const above = [...this.#goods.keys()].filter((each) => each > place);
    this.#good = above.length === 0 ? undefined : Math.min(...above);
    this.#step = 1;
  }

  #isProven(place: number): boolean {
    return (this.#goods.get(place) ?? 0) >= ENOUGH;
  }

  /** Above the peak only if the command fails there too, as a Node program may, whose heap follows the limit. */
  #above(): number | undefined {
    if (this.#bad < 0) return this.start;
    if (this.#bad >= this.last) return undefined;
    const place = this.#bad + this.#step;
    return this.#bad < this.peak ? Math.min(place, Math.max(this.peak, this.#bad + 1)) : Math.min(place, this.last);
  }
}
