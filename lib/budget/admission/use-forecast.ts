import { type Guess, Spread } from './spread';
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
/** How many jobs a guess counts as. */
const GUESS_WEIGHT = 1;
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
export type Forecast = readonly Guess[];

type Row = readonly Spread[];

/**
 * Learns from jobs that have ended what jobs in like states use later: jobs of the same age, that use as much, and grow or don't.
 * Ages and uses are told apart by factors, not by sizes: nothing here is made for seconds or for gigabytes.
 */
export class UseForecast {
  /** By age and growth. */
  readonly #rows = new Map<string, Row>();
  /** By age, growth and use. */
  readonly #fineRows = new Map<string, Row>();
  readonly #fresh: Row = newRow();
  #ended = 0;

  learn(track: UseTrack): void {
    this.#ended += 1;
    add(this.#fresh, track.mostIn(0, ENDS_MS), 0);
    for (const state of track.states) {
      const uses = track.mostIn(state.ageMs, ENDS_MS);
      add(rowOf(this.#rows, keyOf(state)), uses, state.usedBytes);
      add(rowOf(this.#fineRows, fineKeyOf(state)), uses, state.usedBytes);
    }
  }

  /** Of a job that has not been looked at yet. */
  ofFresh(limitBytes: number): Forecast {
    const guess = this.#guess(limitBytes);
    return this.#fresh.map((spread) => within(spread.with(guess, GUESS_WEIGHT), 0, limitBytes));
  }

  /** Of a job that runs. */
  of(track: UseTrack, limitBytes: number): Forecast {
    const { state } = track;
    if (state === undefined) return this.ofFresh(limitBytes);
    const roomBytes = Math.max(0, limitBytes - state.usedBytes);
    const grownBytes = Math.min(roomBytes, track.grownBytes);
    const guess = this.#guess(Math.max(roomBytes * Math.exp(-state.ageMs / CAREFUL_MS), grownBytes));
    const row = this.#rows.get(keyOf(state));
    const fineRow = this.#fineRows.get(fineKeyOf(state));
    return ENDS_MS.map((_, index) => {
      const known = atLeast(row?.[index]?.with(guess, GUESS_WEIGHT) ?? guess, grownBytes);
      return within(fineRow?.[index]?.with(known, GUESS_WEIGHT) ?? known, state.usedBytes, limitBytes);
    });
  }

  #guess(bytes: number): Guess {
    if (this.#ended < FEW_JOBS) return { mean: bytes, square: bytes * bytes };
    return { mean: MIDDLE_GUESS.mean * bytes, square: MIDDLE_GUESS.square * bytes * bytes };
  }
}

/** How many windows a {@link Forecast} has. */
export const FORECAST_WINDOWS = WINDOWS;

function newRow(): Row {
  return ENDS_MS.map(() => new Spread());
}

function rowOf(rows: Map<string, Row>, key: string): Row {
  let row = rows.get(key);
  if (row === undefined) {
    row = newRow();
    rows.set(key, row);
  }
  return row;
}

/** Rows have what was used more than at the time of the state: less than nothing where a job had ended. */
function add(row: Row, uses: readonly number[], usedBytes: number): void {
  for (const [index, spread] of row.entries()) spread.add((uses[index] ?? 0) - usedBytes, KEEP);
}

function keyOf({ ageMs, isGrowing }: JobState): string {
  const age = Math.max(0, 1 + Math.floor(Math.log2(ageMs / FIRST_WINDOW_MS)));
  return `${age}${isGrowing ? '+' : '='}`;
}

function fineKeyOf(state: JobState): string {
  return `${keyOf(state)}${Math.floor(2 * Math.log2(Math.max(state.usedBytes, LEAST_BYTES)))}`;
}

/** A job that grows is expected to grow as much again. */
function atLeast(guess: Guess, bytes: number): Guess {
  if (bytes <= guess.mean) return guess;
  return { mean: bytes, square: guess.square - guess.mean ** 2 + bytes ** 2 };
}

/** From growth to use. No job uses more than its limit. */
function within({ mean, square }: Guess, usedBytes: number, limitBytes: number): Guess {
  const variance = Math.max(0, square - mean * mean);
  const use = Math.min(limitBytes, Math.max(0, usedBytes + mean));
  return { mean: use, square: variance + use * use };
}
