import type { Evidence } from '../../../types/outcome';
import type { CageEvidence } from '../../cage/evidence/cage-evidence';

/** Knows which reports on the cages of a child were made while the child was there. */
export class EvidenceWitness {
  readonly #before: ReadonlyMap<CageEvidence, number>;

  /** @param evidences those on the child's cages, the innermost first; its own may come later */
  constructor(private readonly evidences: () => readonly CageEvidence[]) {
    this.#before = new Map(evidences().map((evidence) => [evidence, evidence.count]));
  }

  /** Calls `done` once all that has happened is told: before it returns, unless a report is being written. */
  settle(done: () => void): void {
    const next = (left: readonly CageEvidence[]): void => {
      const [first, ...rest] = left;
      if (first === undefined) done();
      else first.settle(() => next(rest));
    };
    next(this.evidences());
  }

  /** {@link settle}, but blocking. */
  settleNow(): void {
    for (const evidence of this.evidences()) evidence.settleNow();
  }

  /** The report on the nearest cage that has one; undefined if there is none. */
  last(): Evidence | undefined {
    const told = this.evidences().find((evidence) => evidence.count > (this.#before.get(evidence) ?? 0));
    return told?.last ?? undefined;
  }
}
