import { firstLimits, followLimits, limitsToRepeat } from '../cgroup/limits/leaf-limits';
import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import { leafName } from '../cgroup/names/own-names';
import type { ChildSettings } from '../child-settings/child-settings';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { NodeHeapSetting } from '../process/node-heap';
import { BaseCage } from './base-cage';
import type { CageCgroup } from './cgroup/cage-cgroup';
import { makeCageCgroup, makeInnerCageCgroup, makeLeaf } from './cgroup/make-cage-cgroup';
import type { ChildDefaults } from './child-defaults';
import { withCageRoot } from './root/cage-roots';
import { asTooSmall } from './too-small';

/**
 * One limit for many children. Each child lives in its own leaf below the cage's cgroup, so that it has its own verdict
 * and may have cgroups below it (v2). The leaf repeats the cage's limit, since a program reads only the limit of its
 * own cgroup; `Cgroup.setLimits()` has it follow.
 */
export abstract class SharedCage extends BaseCage {
  /** @internal */
  readonly nodeHeap: NodeHeapSetting;
  /** @internal */
  readonly settings: ChildSettings;
  #made = 0;

  /** @internal Use `createCage()`. */
  constructor(limits: ResolvedLimits, within: SharedCage | string | undefined, { nodeHeap, settings }: ChildDefaults) {
    const outer = within instanceof SharedCage ? within : undefined;
    super(createCageCgroup(limits, within), { outlivesOwner: false, outer });
    this.nodeHeap = nodeHeap;
    this.settings = settings;
  }

  /** @internal */
  assertOpen(): void {
    if (this.closing) throw new MemcageError(ErrorCode.CLOSED, `The cage ${this.cgroup.path} is closed`);
  }

  /** @internal Makes a leaf for one child, and watches it for OOM kills. */
  createLeaf(): CageCgroup {
    return this.#below((number) => {
      const { memory, version } = this.cageCgroup;
      this.cageCgroup.assertNotFrozen();
      const before = limitsToRepeat(memory, version);
      const leaf = makeLeaf(this.cageCgroup, leafName(number), firstLimits(before));
      try {
        // Another process may have changed the cage's limit before it could see the leaf.
        followLimits(leaf.memory, version, { before, after: limitsToRepeat(memory, version) });
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
    return this.#below((number) => {
      this.cageCgroup.assertNotFrozen();
      return makeInnerCageCgroup(this.cageCgroup, String(number), limits);
    });
  }

  #below<T>(make: (number: number) => T): T {
    this.assertOpen();
    this.#made += 1;
    try {
      return make(this.#made);
    } catch (error) {
      throw asTooSmall(error, this.cageCgroup);
    }
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
