import type { JobState, UseTrack } from './use-track';

/**
 * The time to come is cut into windows: 100 ms from now, from there to 200 ms, to 400 ms and so on. The last one has no end.
 * What jobs use together at any moment is at most the sum of the most that each uses in the window of that moment.
 */
const FIRST_WINDOW_MS = 100;
const WINDOWS = 16;
const ENDS_MS: readonly number[] = Array.from({ length: WINDOWS }, (_, index) =>
  index === WINDOWS - 1 ? Number.POSITIVE_INFINITY : FIRST_WINDOW_MS * 2 ** index,
);
/** What is known of jobs keeps this much of its weight with each thing that is learned. */
const KEEP = 0.998;
/** Before so many jobs have ended, a guess is the limit. */
const FEW_JOBS = 3;
/**
 * After that a guess is that any order of magnitude is as likely as another, from a thousandth of what a job could still take to
 * all of that: so much is the mean of it, and the mean of its square.
 */
const MIDDLE_GUESS: Guess = { mean: 0.15, square: 0.07 };
/** A job of which nothing else is known is expected to reach its limit, but after this long less and less. */
const CAREFUL_MS = 1000;
/** Below this use all jobs are alike. */
const LEAST_BYTES = 4 * 1024 * 1024;

/** What a job will use at most in each window, in bytes. */
export interface Forecast {
  means: readonly number[];
  variances: readonly number[];
}

/**
 * Learns from jobs that have ended what jobs in like states use later: jobs of the same age, that use as much, and grow or don't.
 * Ages and uses are told apart by factors, not by sizes: nothing here is made for seconds or for gigabytes.
 */
export class UseForecast {
  /** By age and growth. */
  readonly #rows = new Map<string, Spreads>();
  /** By age, growth and use. */
  readonly #fineRows = new Map<string, Spreads>();
  readonly #fresh = new Spreads(WINDOWS);
  #ended = 0;

  learn(track: UseTrack): void {
    this.#ended += 1;
    this.#fresh.add(track.mostIn(0, ENDS_MS), KEEP);
    for (const state of track.states) {
      // What was used more than at the time of the state: less than nothing where the job had ended.
      const growths = track.mostIn(state.ageMs, ENDS_MS).map((bytes) => bytes - state.usedBytes);
      spreadsOf(this.#rows, keyOf(state)).add(growths, KEEP);
      spreadsOf(this.#fineRows, fineKeyOf(state)).add(growths, KEEP);
    }
  }

  /** The forecast for a job that has not been looked at yet. */
  ofFresh(limitBytes: number): Forecast {
    return forecast(0, limitBytes, { guess: this.#guess(limitBytes), known: this.#fresh });
  }

  /** The forecast for a job that runs. */
  of(track: UseTrack, limitBytes: number): Forecast {
    const { state } = track;
    if (state === undefined) return this.ofFresh(limitBytes);
    const roomBytes = Math.max(0, limitBytes - state.usedBytes);
    const grownBytes = Math.min(roomBytes, track.grownBytes);
    const guess = this.#guess(Math.max(roomBytes * Math.exp(-state.ageMs / CAREFUL_MS), grownBytes));
    return forecast(state.usedBytes, limitBytes, {
      ...{ guess, leastBytes: grownBytes },
      known: this.#rows.get(keyOf(state)),
      knownFine: this.#fineRows.get(fineKeyOf(state)),
    });
  }

  #guess(bytes: number): Guess {
    if (this.#ended < FEW_JOBS) return { mean: bytes, square: bytes * bytes };
    return { mean: MIDDLE_GUESS.mean * bytes, square: MIDDLE_GUESS.square * bytes * bytes };
  }
}

/** How many windows a {@link Forecast} has. */
export const FORECAST_WINDOWS = WINDOWS;

function spreadsOf(rows: Map<string, Spreads>, key: string): Spreads {
  let spreads = rows.get(key);
  if (spreads === undefined) {
    spreads = new Spreads(WINDOWS);
    rows.set(key, spreads);
  }
  return spreads;
}

/** What is known of growth. */
interface Growth {
  guess: Guess;
  /** A job that grows is expected to grow as much again. */
  leastBytes?: number;
  known: Spreads | undefined;
  /** Of jobs that are more alike. */
  knownFine?: Spreads | undefined;
}

/** From growth to use. No job uses more than its limit. */
function forecast(
  usedBytes: number,
  limitBytes: number,
  { guess, leastBytes = 0, known, knownFine }: Growth,
): Forecast {
  // Each look makes one for each job. Engines make such lists faster than Float64Arrays of that length.
  const means: number[] = [];
  const variances: number[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    let { mean, square } = guess;
    if (known !== undefined) {
      mean = known.meanWith(mean, window);
      square = known.squareWith(square, window);
    }
    if (mean < leastBytes) {
      square += leastBytes * leastBytes - mean * mean;
      mean = leastBytes;
    }
    if (knownFine !== undefined) {
      mean = knownFine.meanWith(mean, window);
      square = knownFine.squareWith(square, window);
    }
    if (usedBytes + mean < 0) means.push(0);
    else means.push(Math.min(limitBytes, usedBytes + mean));
    variances.push(Math.max(0, square - mean * mean));
  }
  return { means, variances };
}

function keyOf({ ageMs, isGrowing }: JobState): string {
  const age = Math.max(0, 1 + Math.floor(Math.log2(ageMs / FIRST_WINDOW_MS)));
  return `${age}${isGrowing ? '+' : '='}`;
}

function fineKeyOf(state: JobState): string {
  return `${keyOf(state)}${Math.floor(2 * Math.log2(Math.max(state.usedBytes, LEAST_BYTES)))}`;
}

/** Figures of several kinds at once: mean and spread of each. Older ones count less and less. */
class Spreads {
  #weight = 0;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(kinds: number) {
    this.#sums = new Float64Array(kinds);
    this.#squares = new Float64Array(kinds);
  }

  /** @param keep how much of their weight the figures before these keep, from 0 to 1 */
  add(figures: readonly number[], keep: number): void {
    this.#weight = this.#weight * keep + 1;
    for (const [kind, figure] of figures.entries()) {
      this.#sums[kind] = (this.#sums[kind] ?? 0) * keep + figure;
      this.#squares[kind] = (this.#squares[kind] ?? 0) * keep + figure * figure;
    }
  }

  /** The mean of a kind after one more figure that is guessed. */
  meanWith(guess: number, kind: number): number {
    return ((this.#sums[kind] ?? 0) + guess) / (this.#weight + 1);
  }

  /** The mean of its square. */
  squareWith(guess: number, kind: number): number {
    return ((this.#squares[kind] ?? 0) + guess) / (this.#weight + 1);
  }
}

/** What a figure may be. */
interface Guess {
  mean: number;
  /** The mean of its square. */
  square: number;
}
