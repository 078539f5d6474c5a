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

  protected removeOwn(): boolean {
    if (!this.cgroup.tryRemove()) return false;
    this.cage.reporter.forget(this.cgroup);
    return true;
  }

  protected giveBackUnstarted(report: KernelReport): void {
    const removeCgroup = (): boolean => this.removeOwn();
    new Clearing({ cgroup: this.cgroup, readReport: () => report, removeCgroup }).start(() => {});
  }
}
