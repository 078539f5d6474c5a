import { bytesAt, placeOf } from './grid';

/** What a run at a limit told. */
export interface Answer {
  isGood: boolean;
  /** Whether only a time says so, which the machine may be to blame for: then a second run decides. */
  isDoubtful: boolean;
}

export interface SearchOptions {
  /** Where to begin: about what it may need. */
  startBytes: number;
  /** The most that it uses without a limit. */
  peakBytes: number;
  /** Whether there is time for a run that only makes the answer closer. */
  hasTime: () => boolean;
}

/** Places on the grid. */
export interface FoundLimits {
  /** The smallest at which it ran well; undefined if there was none. */
  good: number | undefined;
  /** The largest below at which it did not; undefined if it always ran well. */
  bad: number | undefined;
  /** Whether it ran well there twice, and not at the next size below. */
  isCertain: boolean;
}

/** The number of runs is bounded, whatever the command does. */
const MOST_RUNS = 17;
/** How often it must run well at the limit that is found, if there is time. */
const ENOUGH = 2;
/** An answer is good enough with a limit that is good and one that is not no further apart than this. */
const CLOSE = 1.25;
const FIRST_STEP = 4;
/** By what a step grows. Above the program memory, page cache is what is missing, which may be much; below, a little less is often too little. */
const UP = 4;
const DOWN = 2;
/** No limit is tried that is so many times what the command uses without one. */
const MOST_PEAKS = 8;
/** A very short run may have been seen with less than it had, or with nothing. */
const LEAST_PEAK_BYTES = 2 ** 20;

/** How many runs a search mostly takes: until the answer is good enough, and until nothing is left to find out. */
export const USUAL_RUNS = { enough: 3, all: 7 };

/**
 * Searches the smallest limit that is good. Walks up or down, in steps that grow, until one limit is good and one is not; then halves
 * what is between them until they are close. With time left it goes on to the next size, and tries the good one again, since a command
 * that needs a little more each second time would be found too small.
 */
export async function search(
  { startBytes, peakBytes, hasTime }: SearchOptions,
  probe: (limitBytes: number) => Promise<Answer>,
): Promise<FoundLimits> {
  const bounds = new SearchBounds(
    placeOf(startBytes),
    placeOf(peakBytes),
    placeOf(MOST_PEAKS * Math.max(peakBytes, LEAST_PEAK_BYTES)),
  );
  for (let run = 0; run < MOST_RUNS; run += 1) {
    const place = bounds.next();
    if (place === undefined || (bounds.isClose && !hasTime())) break;
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
    return {
      good: this.#good,
      bad,
      isCertain: this.#good !== undefined && bad !== undefined && this.next() === undefined,
    };
  }

  /** Whether what is known will do. */
  get isClose(): boolean {
    if (this.#good === undefined || this.#doubtful !== undefined) return false;
    return this.#good === 0 || (this.#bad >= 0 && bytesAt(this.#good) <= CLOSE * bytesAt(this.#bad));
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
