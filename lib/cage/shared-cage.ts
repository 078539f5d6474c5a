import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { NodeHeapSetting } from '../process/node-heap';
import { BaseCage } from './base-cage';
import type { CageCgroup } from './cgroup/cage-cgroup';
import { makeCageCgroup, makeInnerCageCgroup, makeLeaf } from './cgroup/make-cage-cgroup';
import { withCageRoot } from './root/cage-roots';
import { asTooSmall } from './too-small';

// With this much more in the leaf, the cage's own limit is hit first.
const GROUP_KILL_MARGIN_BYTES = 64 * 1024;

/**
 * One limit for many children. Each child lives in its own leaf below the cage's cgroup, so that it has its own verdict
 * and may have cgroups below it (v2). The leaf repeats the cage's limit, since a program reads only the limit of its
 * own cgroup.
 */
export abstract class SharedCage extends BaseCage {
  /** @internal For children that have no setting of their own. */
  readonly nodeHeap: NodeHeapSetting;
  readonly #limits: ResolvedLimits;
  #leaves = 0;

  /** @internal Use `createCage()`. */
  constructor(limits: ResolvedLimits, within: SharedCage | string | undefined, nodeHeap: NodeHeapSetting) {
    const outer = within instanceof SharedCage ? within : undefined;
    super(createCageCgroup(limits, within), { outlivesOwner: false, outer });
    this.#limits = limits;
    this.nodeHeap = nodeHeap;
  }

  /** @internal */
  assertOpen(): void {
    if (this.closing) throw new MemcageError(ErrorCode.CLOSED, `The cage ${this.cgroup.path} is closed`);
  }

  /** @internal Makes a leaf for one child, and watches it for OOM kills. */
  createLeaf(): CageCgroup {
    return this.#below((name) => {
      this.cageCgroup.assertNotFrozen();
      const leaf = makeLeaf(this.cageCgroup, name, this.#leafLimits());
      try {
        this.reporter.watch(leaf);
        return leaf;
      } catch (error) {
        leaf.discard();
        throw error;
      }
    });
  }

  /** @internal Makes the cgroup of a cage within this one. */
  createInner(limits: ResolvedLimits): CageCgroup {
    return this.#below((name) => {
      this.cageCgroup.assertNotFrozen();
      return makeInnerCageCgroup(this.cageCgroup, name, limits);
    });
  }

  #below<T>(make: (name: string) => T): T {
    this.assertOpen();
    this.#leaves += 1;
    try {
      return make(String(this.#leaves));
    } catch (error) {
      throw asTooSmall(error, this.cageCgroup);
    }
  }

  #leafLimits(): ResolvedLimits {
    const { max, swap, oomGroup, oomKill } = this.#limits;
    const leaf: ResolvedLimits = {};
    // An OOM at the leaf's limit would kill only the leaf. With oomGroup, the cage's limit must be the one that is hit.
    if (max !== undefined) leaf.max = oomGroup === true ? max + GROUP_KILL_MARGIN_BYTES : max;
    if (swap !== undefined) leaf.swap = swap;
    if (oomKill !== undefined) leaf.oomKill = oomKill;
    return leaf;
  }
}

function createCageCgroup(limits: ResolvedLimits, within: SharedCage | string | undefined): CageCgroup {
  const cageCgroup =
    within instanceof SharedCage
      ? within.createInner(limits)
      : withCageRoot(within, (root) => makeCageCgroup(root, limits, { killable: true }));
  try {
    cageCgroup.becomeParent();
    // Nothing to defer: no child is being started in it yet.
    cageCgroup.writeDeferredLimits();
    return cageCgroup;
  } catch (error) {
    cageCgroup.discard();
    throw error;
  }
}
