import { dirname } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { EventCounter } from '../../cgroup/directory/v1-notifications';
import { host, openDirectory } from '../../cgroup/hierarchy/host';
import { type KillingLimit, limitOfAncestor, nowhere, wasHit } from './killing-limit';
import type { Ancestors } from './limits-around';

/** The v1 ancestors. The cage root has no limit of its own, so its eventfd fires only for theirs. */
export class AncestorsV1 implements Ancestors {
  readonly hidden = false;
  readonly #events: EventCounter;

  /** @param root the cage root */
  constructor(private readonly root: CgroupDirectory) {
    this.#events = new EventCounter(root, 'memory.oom_control');
  }

  /** How often memory was refused at the limit of an ancestor. */
  ooms(): [number] {
    return [this.#events.count()];
  }

  /** The limit at which memory was refused. v1 does not say which one: it is known if only one was ever hit. */
  limitAt(): KillingLimit {
    const limited = this.#limited();
    const hit = limited.length > 1 ? limited.filter(({ isHit }) => isHit) : limited;
    return (hit.length === 1 ? hit[0]?.limit : undefined) ?? nowhere('ancestor');
  }

  close(): void {
    this.#events.close();
  }

  #limited(): { limit: KillingLimit; isHit: boolean }[] {
    const { mountPoint } = host().memory;
    const found = [];
    for (let path = dirname(this.root.path); path.length > mountPoint.length; path = dirname(path)) {
      let directory: CgroupDirectory | undefined;
      try {
        directory = openDirectory(path);
        const limit = limitOfAncestor(directory, 1);
        if (limit.limitBytes !== null) found.push({ limit, isHit: wasHit(directory) });
      } catch {
        // memcage may not read it, or it is gone. Then nobody knows which limit it was.
        return [];
      } finally {
        directory?.close();
      }
    }
    return found;
  }
}
