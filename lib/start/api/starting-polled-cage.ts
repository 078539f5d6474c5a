import type { Cage, ContainOptions } from '../../cage/contract/cage';
import { SharedPolledCage } from '../../cage/polled-cage';
import { contain } from '../contain/contain';
import { startInCage } from './cage-functions';

/** A shared cage without a cgroup, with the functions that start children in it. */
export class StartingPolledCage extends SharedPolledCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];

  static {
    startInCage(StartingPolledCage.prototype);
  }

  override get publicCage(): Cage {
    return this;
  }

  contain<T>(fn: () => T, options?: ContainOptions): T {
    return contain(this, fn, options);
  }
}
