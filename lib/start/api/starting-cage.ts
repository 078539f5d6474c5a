import type { Cage, ContainOptions } from '../../cage/contract/cage';
import { SharedCage } from '../../cage/shared-cage';
import { contain } from '../contain/contain';
import { startInCage } from './cage-functions';

/** A shared cage with the functions that start children in it. */
export class StartingCage extends SharedCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];

  static {
    startInCage(StartingCage.prototype);
  }

  override get publicCage(): Cage {
    return this;
  }

  contain<T>(fn: () => T, options?: ContainOptions): T {
    return contain(this, fn, options);
  }
}
