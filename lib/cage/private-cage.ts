import { KernelCage } from './kernel-cage';
import type { Cage } from './contract/cage';
import { refuseStarts } from './refuse-starts';

/** The cage of one child. The child lives in the cage's own cgroup, so no other can start there. */
export class PrivateCage extends KernelCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];
  declare contain: Cage['contain'];

  static {
    refuseStarts(PrivateCage.prototype);
  }

  get self(): Cage {
    return this;
  }
}
