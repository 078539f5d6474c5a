/** Items in order. No two of them may be equal in it. Adding at the end and taking from the front cost next to nothing. */
export class SortedList<T> {
  readonly #items: T[] = [];

  /** @param compare negative if the first comes before the second */
  constructor(private readonly compare: (one: T, other: T) => number) {}

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#items.splice(this.#placeOf(item), 0, item);
  }

  /** False if it was not there. */
  delete(item: T): boolean {
    const place = this.#placeOf(item);
    if (this.#items[place] !== item) return false;
    if (place === 0) this.#items.shift();
    else this.#items.splice(place, 1);
    return true;
  }

  /** Where it is, or would be. */
  #placeOf(item: T): number {
    const last = this.#items.at(-1);
    if (last === undefined) return 0;
    if (this.compare(last, item) < 0) return this.#items.length;
    let low = 0;
    let high = this.#items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#items[middle];
      if (at !== undefined && this.compare(at, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
