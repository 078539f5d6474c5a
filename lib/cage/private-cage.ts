import type { Cage } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { BaseCage } from './base-cage';

/** The cage of one child. The child lives in the cage's own cgroup, so no other can start there. */
export class PrivateCage extends BaseCage implements Cage {
  get self(): Cage {
    return this;
  }

  spawn(): never {
    return this.#refuse();
  }

  fork(): never {
    return this.#refuse();
  }

  exec(): never {
    return this.#refuse();
  }

  execFile(): never {
    return this.#refuse();
  }

  run(): never {
    return this.#refuse();
  }

  contain(): never {
    return this.#refuse();
  }

  #refuse(): never {
    throw invalidArgument('cage', 'a cage of createCage(), which more than one child can start in', this);
  }
}
