import type { CgroupEvent, CgroupEventName } from './types';

/** From a count that the kernel keeps to those of events. */
export class Tally {
  readonly #base: number;
  #last: number;

  /** @param now what the kernel has counted so far */
  constructor(now: number) {
    this.#base = now;
    this.#last = now;
  }

  /** Undefined: nothing has happened. */
  update(now: number, timeMs: number): CgroupEvent | undefined {
    if (now <= this.#last) return undefined;
    const count = now - this.#last;
    this.#last = now;
    return { count, totalCount: now - this.#base, timeMs };
  }
}

/** One for each name that someone listens to. */
export class Tallies<N extends CgroupEventName> {
  readonly #begun = new Map<N, Tally>();

  begin(name: N, now: number): void {
    this.#begun.set(name, new Tally(now));
  }

  end(name: N): void {
    this.#begun.delete(name);
  }

  has(name: N): boolean {
    return this.#begun.has(name);
  }

  /** Undefined: nothing has happened, or nobody listens. */
  update(name: N, now: number, timeMs: number): CgroupEvent | undefined {
    return this.#begun.get(name)?.update(now, timeMs);
  }
}
