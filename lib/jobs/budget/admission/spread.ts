/** Figures of several kinds at once: mean and spread of each. Older ones count less and less. */
export class Spreads {
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

  /** The same after one more figure like the guess. */
  with(guess: Guess, kind: number): Guess {
    const weight = this.#weight + 1;
    return {
      mean: ((this.#sums[kind] ?? 0) + guess.mean) / weight,
      square: ((this.#squares[kind] ?? 0) + guess.square) / weight,
    };
  }
}

/** What a figure may be. */
export interface Guess {
  mean: number;
  /** The mean of its square. */
  square: number;
}
