import type { StallVerdict } from '../../../types/outcome';
import type { StallHit, StallLimit } from '../../cage/cgroup/stall-limit';

/** Tells what became of the limits of stalls in the life of one child: a shared cage may have stalled before. */
export class StallWitness {
  readonly #before: ReadonlyMap<StallLimit, number>;

  /** @param limits those of its own cage first */
  constructor(limits: readonly StallLimit[]) {
    this.#before = new Map(limits.map((limit) => [limit, limit.hitCount]));
  }

  /** Undefined if none was reached since. */
  verdict(): StallVerdict | undefined {
    const hits = this.#hits();
    // The child's own limit may only have told, and one of a cage around have killed.
    const hit = hits.find(({ killed }) => killed) ?? hits[0];
    if (hit === undefined) return undefined;
    const { limitMs, stalledMs, toldBy, killed } = hit;
    return { limitMs, stalledMs: Math.round(stalledMs), toldBy, killed };
  }

  /** What the kernel refused since, when memcage was to kill, or refuses to tell; undefined if nothing. */
  get refusal(): Error | undefined {
    const refusals = [...this.#hits().map(({ refusal }) => refusal), ...this.#limits.map(({ blindness }) => blindness)];
    return refusals.find((refusal) => refusal !== undefined);
  }

  get #limits(): StallLimit[] {
    return [...this.#before.keys()];
  }

  #hits(): Readonly<StallHit>[] {
    return [...this.#before].flatMap(([limit, before]) => {
      const { hitCount, lastHit } = limit;
      return hitCount === before || lastHit === undefined ? [] : [lastHit];
    });
  }
}
