import { Timeline } from '../../../common/drawing/timeline';
import type { HeldMemory } from '../held-memory';
import type { HeldSample } from '../messages';

/** A look takes 0.3 ms of a processor, most of it to wake up. All cages together are looked at no more often. */
const LEAST_INTERVAL_MS = 100;
/** Twice as long between two looks after 10 s, after 20 s, and so on. */
const MOST_BUCKETS = 48;
const NO_HITS = { max: 0, high: 0 };

/** What is read of a cage at one moment. */
export interface Look {
  usageBytes: number;
  held: HeldMemory;
}

/** What a cage held since it is watched, in bounded memory: some 100 samples, more seldom the longer it lasts. */
export class History {
  readonly #timeline = new Timeline<HeldSample>({ leastIntervalMs: LEAST_INTERVAL_MS, mostBuckets: MOST_BUCKETS });
  readonly #startMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param read throws once the cage is gone
   * @param cages how many there are
   */
  constructor(
    private readonly read: () => Look,
    private readonly cages: () => number,
  ) {
    this.#next();
  }

  /** The samples, this look the last of them. */
  upTo(look: Look): readonly HeldSample[] {
    this.#add(look);
    return this.#timeline.points;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    try {
      this.#add(this.read());
    } catch {
      // Whoever watches the cage learns of its end.
      return;
    }
    const pauseMs = Math.max(this.#timeline.intervalMs, LEAST_INTERVAL_MS * this.cages());
    this.#timer = setTimeout(() => this.#next(), pauseMs);
  }

  #add({ usageBytes, held: { kinds } }: Look): void {
    const atMs = performance.now() - this.#startMs;
    this.#timeline.add({ atMs, usageBytes: usageBytes + kinds.swap, swapBytes: kinds.swap, kinds }, NO_HITS);
  }
}
