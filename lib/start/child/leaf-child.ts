import type { SharedCage } from '../../cage/shared-cage';
import { CagedChild } from './caged-child';
import { Clearing } from './clearing';
import type { KernelReport } from './kernel-report';

/** A child of a shared cage, in a leaf of its own. */
export class LeafChild extends CagedChild {
  protected readonly keepsDescendants = false;

  constructor(cage: SharedCage) {
    super(cage, cage.createLeaf());
  }

  protected removeHome(): boolean {
    if (!this.home.tryRemove()) return false;
    this.cage.reporter.forget(this.home);
    return true;
  }

  protected giveBackUnstarted(report: KernelReport): void {
    const removeCgroup = (): boolean => this.removeHome();
    new Clearing({ cgroup: this.home, readReport: () => report, removeCgroup }).start(() => {});
  }
}
