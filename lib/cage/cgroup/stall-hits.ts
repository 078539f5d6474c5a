import type { MeterReading, NativeError, StallSign } from '../../../types/native';
import type { ResolvedStall } from '../../cgroup/limits/cage-limits';

/** The limit was reached: what held then, and what came of it. */
export interface StallHit extends Readonly<ResolvedStall> {
  readonly toldBy: StallSign;
  /** For how long nothing has got on; the limit, if an earlier stall took longer. */
  stalledMs: number;
  /** Everything was killed, if only after refused kills. */
  killed: boolean;
  /** What the kernel refused first, as long as no kill has gone well. */
  refusal: Error | undefined;
}

const NOTHING = { times: 0, kills: 0, mostUs: 0 };

/** What the readings of a limit's meters, one after the other, tell of its hits. */
export class StallHits {
  /** How many there were so far, of which {@link last} is the last. */
  count = 0;
  last: StallHit | undefined;
  /** Everything was killed, at least once. */
  hasKilled = false;
  /** Why the meter can't tell any more; undefined if it can. */
  blindness: NativeError | undefined;
  readonly #untold: StallHit[] = [];
  /** As far as it is accounted for. */
  #seen = NOTHING;

  /** @param explain of a kill */
  constructor(private readonly explain: (refused: NativeError) => Error) {}

  /** @param stall what the meter was started with */
  note({ times, kills, mostUs, toldBy = 'refaults', refused }: MeterReading, { ms, action }: ResolvedStall): void {
    const { last: before } = this;
    const hits: StallHit[] = before !== undefined && isOpen(before) ? [before] : [];
    for (let number = this.#seen.times; number < times; number++) {
      this.last = { ms, action, toldBy, stalledMs: ms, killed: false, refusal: undefined };
      this.count += 1;
      this.#untold.push(this.last);
      hits.push(this.last);
    }
    // A look that the kernel refuses comes from reading a file, and there is none in a kill.
    const isLook = refused?.syscall === 'pread';
    this.blindness = isLook ? refused : undefined;
    const refusal = isLook ? undefined : refused;
    this.#noteKills(refusal === undefined ? hits : hits.slice(0, -1), kills - this.#seen.kills);
    const last = times === 0 ? undefined : this.last;
    if (last === undefined) return;
    if (mostUs > this.#seen.mostUs) last.stalledMs = mostUs / 1000;
    if (refusal !== undefined && isOpen(last)) last.refusal ??= this.explain(refusal);
    this.#seen = { times, kills, mostUs };
  }

  /** The readings that follow are those of another meter. */
  begin(): void {
    this.#seen = NOTHING;
  }

  /** The oldest of which nobody was told yet; undefined if there is none. */
  takeUntold(): StallHit | undefined {
    return this.#untold.shift();
  }

  /** One that was followed by others unless it was killed has recovered. */
  #noteKills(hits: readonly StallHit[], kills: number): void {
    if (kills <= 0) return;
    this.hasKilled = true;
    for (const hit of hits.slice(-kills)) {
      hit.killed = true;
      hit.refusal = undefined;
    }
  }
}

function isOpen({ action, killed }: StallHit): boolean {
  return action === 'kill' && !killed;
}
