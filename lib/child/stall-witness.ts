import type { StallVerdict } from '../../types/outcome';
import type { StallLimit } from '../cage/cgroup/stall-limit';

/** Tells what became of the limits of stalls in the life of one child: a shared cage may have stalled before. */
export class StallWitness {
  readonly #before: ReadonlyMap<StallLimit, { times: number; longestMs: number }>;

  /** @param limits those of its own cage first */
  constructor(limits: readonly StallLimit[]) {
    this.#before = new Map(limits.map((limit) => [limit, { times: limit.times, longestMs: limit.longestMs }]));
  }

  /** Undefined if none was reached since. */
  verdict(): StallVerdict | undefined {
    for (const [limit, before] of this.#before) {
      const { toldBy, longestMs } = limit;
      if (limit.times === before.times || toldBy === undefined) continue;
      const { ms, action } = limit.stall;
      const killed = action === 'kill' && limit.refusal === undefined;
      // If an earlier one took longer, nothing is known of this one but that it took as long as the limit.
      const stalledMs = longestMs > before.longestMs ? Math.round(longestMs) : ms;
      return { ms, stalledMs, toldBy, killed };
    }
    return undefined;
  }
}
