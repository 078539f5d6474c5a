import type { Evidence } from '../../../types/outcome';
import type { CageEvidence } from '../../cage/evidence/cage-evidence';
import type { KernelCage } from '../../cage/kernel-cage';

/** Knows which reports on the cages of a child were made while the child was there. */
export class EvidenceWitness {
  #before: ReadonlyMap<CageEvidence, number> | undefined;

  constructor(private readonly cage: Pick<KernelCage, 'evidences'>) {
    const { evidences } = cage;
    if (evidences.length > 0) this.#before = new Map(evidences.map((evidence) => [evidence, evidence.count]));
  }

  /** Calls `done` once all that has happened is told: before it returns, unless a report is being written. */
  settle(done: () => void): void {
    const next = (left: readonly CageEvidence[]): void => {
      const [first, ...rest] = left;
      if (first === undefined) done();
      else first.settle(() => next(rest));
    };
    next(this.cage.evidences);
  }

  /** {@link settle}, but blocking. */
  settleNow(): void {
    for (const evidence of this.cage.evidences) evidence.settleNow();
  }

  /** The report on the nearest cage that has one; undefined if there is none. */
  last(): Evidence | undefined {
    const told = this.cage.evidences.find((evidence) => evidence.count > (this.#before?.get(evidence) ?? 0));
    return told?.last ?? undefined;
  }
}
