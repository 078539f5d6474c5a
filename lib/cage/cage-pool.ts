import { type CageLimits, isSameLimits } from '../cgroup/limits/cage-limits';
import { undoPatiently } from '../cgroup/processes/remove-cgroup';
import { makeCageCgroup } from './cgroup/make-cage-cgroup';
import { SpareSides } from './cgroup/spare-sides';
import { KernelCage } from './kernel-cage';
import { MadeAhead } from './made-ahead';
import type { CageRoot } from './root/cage-root';

/** The kind of a private cage. Cages of the same kind are interchangeable. */
interface CageKind {
  limits: CageLimits;
  killable: boolean;
}

/** Makes private cages, ahead of their starts if possible. */
export class CagePool {
  readonly #sides = new SpareSides();
  readonly #ahead = new MadeAhead<CageKind, KernelCage>({
    make: (kind) => this.#make(kind, { spare: true }),
    isSameKind: (one, other) => one.killable === other.killable && isSameLimits(one.limits, other.limits),
    begin(cage) {
      if (!cage.cageCgroup.monitor.begin()) return false;
      cage.spare = false;
      return true;
    },
    discard,
  });

  constructor(private readonly root: CageRoot) {}

  take(kind: CageKind): KernelCage {
    return this.#ahead.take(kind) ?? this.#make(kind);
  }

  /** Called when the cage root ends. Never throws. */
  close(): void {
    this.#ahead.close();
    this.#sides.close();
  }

  #make({ limits, killable }: CageKind, { spare = false } = {}): KernelCage {
    const cageCgroup = makeCageCgroup(this.root, limits, { killable, spareSides: this.#sides });
    const cage = new KernelCage(cageCgroup, { outlivesOwner: false, spare });
    try {
      cageCgroup.prepareStart();
      return cage;
    } catch (error) {
      discard(cage);
      throw error;
    }
  }
}

/** Removes a cage in which no child was. Never throws: what can't be removed for a while is removed with the cage root. */
function discard(cage: KernelCage): void {
  undoPatiently(() => cage.tryRemove());
}
