import type { CgroupEvent, CgroupEventName } from './types';

/** Converts a count of the kernel to counts of events. */
export class Tally {
  readonly #base: number;
  #last: number;

  /** @param now the kernel's count so far */
  constructor(now: number) {
    this.#base = now;
    this.#last = now;
  }

  /** Undefined if nothing has happened. */
  update(now: number, timeMs: number): CgroupEvent | undefined {
    if (now <= this.#last) return undefined;
    const count = now - this.#last;
    this.#last = now;
    return { count, totalCount: now - this.#base, timeMs };
  }
}

/** One tally for each name that someone listens to. */
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

  /** Undefined if nothing has happened, or nobody listens. */
  update(name: N, now: number, timeMs: number): CgroupEvent | undefined {
    return this.#begun.get(name)?.update(now, timeMs);
  }
}
