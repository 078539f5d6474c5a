import type { Cage } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { BaseCage } from './base-cage';

/** The cage of one child. The child lives in the cage's own cgroup, so no other can start there. */
export class PrivateCage extends BaseCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];
  declare contain: Cage['contain'];

  static {
    function refuse(this: PrivateCage): never {
      throw invalidArgument('cage', 'a cage of createCage(), which more than one child can start in', this);
    }
    const refused = { spawn: refuse, fork: refuse, exec: refuse, execFile: refuse, run: refuse, contain: refuse };
    Object.assign(PrivateCage.prototype, refused);
  }

  get self(): Cage {
    return this;
  }
}
