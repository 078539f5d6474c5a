import { closePatiently } from './kinds/shared';
import type { Closable, World } from './world';

/** Things that many starts use: each is closed after so many uses, whoever still uses it, and made anew. */
export class Renewed {
  readonly #things = new Map<string, { thing: Closable; uses: number }>();
  readonly #closes = new Set<Promise<void>>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get<T extends Closable>(name: string, make: () => T, uses: number): T {
    const known = this.#things.get(name);
    if (known !== undefined && known.uses > 0) {
      known.uses -= 1;
      // The name stands for the function that made it.
      return known.thing as T;
    }
    const thing = make();
    this.#things.set(name, { thing, uses });
    if (known !== undefined) this.#close(known.thing);
    return thing;
  }

  /** Closes all of them. */
  async clear(): Promise<void> {
    for (const { thing } of this.#things.values()) this.#close(thing);
    this.#things.clear();
    await Promise.all(this.#closes);
  }

  #close(thing: Closable): void {
    const closed = closePatiently(this.#world, thing);
    this.#closes.add(closed);
    void closed.then(() => this.#closes.delete(closed));
  }
}
