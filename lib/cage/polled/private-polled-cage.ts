import type { Cage } from '../contract/cage';
import { refuseStarts } from '../refuse-starts';
import { PolledCage } from './polled-cage';

/** The polled cage of one child. */
export class PrivatePolledCage extends PolledCage implements Cage {
  declare spawn: Cage['spawn'];
  declare fork: Cage['fork'];
  declare exec: Cage['exec'];
  declare execFile: Cage['execFile'];
  declare run: Cage['run'];
  declare contain: Cage['contain'];

  static {
    refuseStarts(PrivatePolledCage.prototype);
  }

  get self(): Cage {
    return this;
  }
}
