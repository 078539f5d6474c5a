/** Mean and spread of figures, of which older ones count less and less. */
export class Spread {
  #count = 0;
  #sum = 0;
  #squares = 0;

  /** @param keep how much of their weight the figures before it keep, from 0 to 1 */
  add(figure: number, keep: number): void {
    this.#count = this.#count * keep + 1;
    this.#sum = this.#sum * keep + figure;
    this.#squares = this.#squares * keep + figure * figure;
  }

  /** The same after `weight` more figures like those of a guess. */
  with(guess: Guess, weight: number): Guess {
    const count = this.#count + weight;
    return {
      mean: (this.#sum + weight * guess.mean) / count,
      square: (this.#squares + weight * guess.square) / count,
    };
  }
}

/** What a figure may be. */
export interface Guess {
  mean: number;
  /** The mean of its square. */
  square: number;
}
